// Drawings: a document {base, ops} → pixels. Coordinates and widths are shares of the canvas, so that a drawing fits
// every size. Ops: {points: [[x, y, pressure]], width, colour, erase, mirror} or {fill: [x, y], colour}.
import { getStroke } from '../lib/perfect-freehand.mjs';

const pictures = new Map();

/** A picture as it is drawn under a drawing. */
export function load(url) {
  if (!pictures.has(url)) {
    const picture = Object.assign(new Image(), { src: url });
    const loading = picture.decode().then(() => picture);
    loading.catch(() => pictures.delete(url));
    pictures.set(url, loading);
  }
  return pictures.get(url);
}

/** How a kind of drawing looks: its paper, its ink, and whether each pixel is wholly of one colour. */
export const styles = {
  ink: { paper: '#ffffff', ink: '#000000', isHard: false },
  classes: { paper: '#000000', ink: null, isHard: true },
  mask: { paper: '#000000', ink: '#ffffff', isHard: false },
};

const sides = (op) =>
  op.mirror ? [op.points, op.points.map(([x, y, pressure]) => [1 - x, y, pressure])] : [op.points];

function softStroke(context, op, style) {
  const { width, height } = context.canvas;
  context.fillStyle = op.erase ? style.paper : style.ink;
  for (const points of sides(op)) {
    const outline = getStroke(
      points.map(([x, y, pressure]) => [x * width, y * height, pressure]),
      { size: op.width * width, thinning: 0.4, smoothing: 0.5, streamline: 0.3, simulatePressure: false, last: true },
    );
    context.beginPath();
    outline.forEach(([x, y]) => context.lineTo(x, y));
    context.closePath();
    context.fill();
  }
}

/** The number that a colour such as #04c803 is in the memory of a canvas. */
function memoryOf(colour) {
  const rgb = Number.parseInt(colour.slice(1), 16);
  return (0xff000000 | ((rgb & 0xff) << 16) | (rgb & 0xff00) | (rgb >> 16)) >>> 0;
}

function withPixels(context, act) {
  const { width, height } = context.canvas;
  const image = context.getImageData(0, 0, width, height);
  act(new Uint32Array(image.data.buffer), width, height);
  context.putImageData(image, 0, 0);
}

function disk(pixels, width, height, cx, cy, radius, colour) {
  for (let y = Math.max(0, Math.ceil(cy - radius)); y <= Math.min(height - 1, cy + radius); y++) {
    const half = Math.sqrt(radius * radius - (y - cy) * (y - cy));
    const from = Math.max(0, Math.ceil(cx - half));
    const to = Math.min(width - 1, Math.floor(cx + half));
    pixels.fill(colour, y * width + from, y * width + Math.max(from, to + 1));
  }
}

function hardStroke(context, op, style) {
  const colour = memoryOf(op.erase ? style.paper : op.colour);
  withPixels(context, (pixels, width, height) => {
    const radius = Math.max(0.5, (op.width * width) / 2);
    for (const points of sides(op)) {
      let [lastX, lastY] = points[0];
      for (const [x, y] of points) {
        const steps = Math.max(1, Math.ceil(Math.hypot((x - lastX) * width, (y - lastY) * height)));
        for (let i = 0; i <= steps; i++) {
          const share = i / steps;
          const cx = (lastX + (x - lastX) * share) * width;
          const cy = (lastY + (y - lastY) * share) * height;
          disk(pixels, width, height, cx, cy, radius, colour);
        }
        [lastX, lastY] = [x, y];
      }
    }
  });
}

function fill(context, op) {
  withPixels(context, (pixels, width, height) => {
    const at = ([x, y]) => Math.min(height - 1, Math.floor(y * height)) * width + Math.min(width - 1, Math.floor(x * width));
    const colour = memoryOf(op.colour);
    const old = pixels[at(op.fill)];
    const open = old === colour ? [] : [at(op.fill)];
    while (open.length > 0) {
      const i = open.pop();
      if (pixels[i] !== old) {
        continue;
      }
      pixels[i] = colour;
      const x = i % width;
      if (x > 0) open.push(i - 1);
      if (x < width - 1) open.push(i + 1);
      if (i >= width) open.push(i - width);
      if (i + width < pixels.length) open.push(i + width);
    }
  });
}

function paintOp(context, op, style) {
  if (op.fill) {
    fill(context, op);
  } else if (style.isHard) {
    hardStroke(context, op, style);
  } else {
    softStroke(context, op, style);
  }
}

function paintBase(context, base, style) {
  const { width, height } = context.canvas;
  context.fillStyle = style.paper;
  context.fillRect(0, 0, width, height);
  if (base) {
    const scale = Math.max(width / base.width, height / base.height);
    const [w, h] = [base.width * scale, base.height * scale];
    context.imageSmoothingEnabled = !style.isHard;
    context.drawImage(base, (width - w) / 2, (height - h) / 2, w, h);
  }
}

export function newCanvas({ width, height }) {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width, height });
  return canvas;
}

const contextOf = (canvas) => canvas.getContext('2d', { willReadFrequently: true });

/** Paints a document again and again: what was there before its last op is kept and not painted anew. */
export class Sheet {
  constructor(style, size) {
    this.style = style;
    this.kept = newCanvas(size);
    this.canvas = newCanvas(size);
    this.ops = null;
    this.base = undefined;
  }

  paint(ops, base) {
    const older = ops.slice(0, -1);
    const isGrown = this.base === base && this.ops?.every((op, i) => older[i] === op);
    const kept = contextOf(this.kept);
    if (!isGrown) {
      paintBase(kept, base, this.style);
    }
    older.slice(isGrown ? this.ops.length : 0).forEach((op) => paintOp(kept, op, this.style));
    [this.ops, this.base] = [older, base];
    const context = contextOf(this.canvas);
    context.drawImage(this.kept, 0, 0);
    if (ops.length > 0) {
      paintOp(context, ops.at(-1), this.style);
    }
    return this.canvas;
  }
}

const painted = (style) => async (doc, size) =>
  new Sheet(style, size).paint(doc.ops, doc.base ? await load(doc.base) : null);

/** Black lines on white paper. */
export const paintInk = painted(styles.ink);

/** Labels in their own colours. */
export const paintClasses = painted(styles.classes);

/** White where a unit acts. */
export const paintMask = painted(styles.mask);
