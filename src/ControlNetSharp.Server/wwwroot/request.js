// The draft ⇄ the server's request.
import { api } from './api.js';
import { begin } from './history.js';
import { paintClasses, paintInk, paintMask } from './parts/strokes.js';
import { peopleOf, poseJson } from './parts/skeleton.js';
import { draft, EMBEDDED, newUnit, server } from './state.js';

// A document that did not change is uploaded once.
const uploads = new WeakMap();

async function uploaded(doc, make, size) {
  const name = `${size.width}x${size.height}`;
  const known = uploads.get(doc) ?? new Map();
  uploads.set(doc, known);
  if (!known.has(name)) {
    const sending = make().then(api.upload);
    sending.catch(() => known.delete(name));
    known.set(name, sending);
  }
  return { sha256: (await known.get(name)).sha256 };
}

/** Twice the result for lines, which are thinned later; labels keep each pixel's own colour. */
const twice = (size) => ({ width: 2 * size.width, height: 2 * size.height });

const blobOf = (canvas) => new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));

async function pictureOf(unit, size) {
  switch (unit.source) {
    case 'drawing':
      return uploaded(unit.drawing.doc, async () => blobOf(await paintInk(unit.drawing.doc, twice(size))), size);
    case 'segmentation':
      return uploaded(unit.classes.doc, async () => blobOf(await paintClasses(unit.classes.doc, size)), size);
    case 'pose':
      return uploaded(
        unit.pose.doc,
        async () => new Blob([JSON.stringify(poseJson(unit.pose.doc, size))], { type: 'application/json' }),
        size,
      );
    default:
      return unit.picture && { sha256: unit.picture.sha256 };
  }
}

export const maskPicture = (mask, size) =>
  uploaded(mask.doc, async () => blobOf(await paintMask(mask.doc, size)), size);

/** Whether a unit has what it needs to act. */
export function hasHint(unit) {
  switch (unit.source) {
    case 'drawing':
      return unit.drawing.doc.ops.length > 0 || unit.drawing.doc.base !== null;
    case 'segmentation':
      return unit.classes.doc.ops.length > 0 || unit.classes.doc.base !== null;
    case 'pose':
      return unit.pose.doc.people.length > 0;
    default:
      return unit.picture !== null;
  }
}

/** The annotator of a unit: that for drawings where its hint is drawn, none where it is finished. */
export function annotatorOf(unit) {
  if (unit.source === 'drawing') {
    return drawingAnnotator(unit.kind);
  }
  if (unit.source === 'segmentation' || (unit.source === 'picture' && unit.isHint)) {
    return 'none';
  }
  return unit.source === 'pose' ? null : unit.annotator;
}

const rowOf = (kind) => server.value.controls.find((row) => row.kind === kind);

/** Whether units of a kind have a member that not all kinds have. */
export const takes = (kind, member) => rowOf(kind)?.members.includes(member) ?? false;

/** The annotator that cleans a drawing for this kind, or turns it to white on black; none where there is no such. */
export function drawingAnnotator(kind) {
  const annotators = rowOf(kind)?.annotators ?? [];
  return (
    (annotators.find(({ isForDrawings }) => isForDrawings) ?? annotators.find(({ name }) => name === 'invert'))?.name ??
    'none'
  );
}

/** What a preview of the hint asks for. */
export async function annotationOf(unit, size) {
  const annotator = annotatorOf(unit);
  return {
    kind: unit.kind,
    picture: await pictureOf(unit, size),
    ...(annotator && { annotator }),
    ...(annotator !== 'none' &&
      unit.source === 'picture' && {
        options: unit.options,
        resolution: Math.max(64, Math.min(size.width, size.height)),
      }),
  };
}

async function unitRequest(unit, size) {
  const annotator = annotatorOf(unit);
  return {
    kind: unit.kind,
    picture: await pictureOf(unit, size),
    ...(annotator && { annotator }),
    ...(unit.source === 'picture' && !unit.isHint && Object.keys(unit.options).length > 0 && { options: unit.options }),
    ...(unit.model && { model: unit.model }),
    weight: unit.weight,
    start: unit.start,
    end: unit.end,
    ...(takes(unit.kind, 'mode') && { mode: unit.mode }),
    ...(takes(unit.kind, 'transfer') && { transfer: unit.transfer }),
    ...(takes(unit.kind, 'more') &&
      unit.more.length > 0 && { more: unit.more.map(({ sha256 }) => ({ sha256 })), combine: unit.combine }),
    resize: unit.resize,
    ...(unit.mask && unit.mask.doc.ops.length > 0 && { mask: await maskPicture(unit.mask, size) }),
    ...unit.carried,
  };
}

/** Whether the picture to start from is only enlarged: then there is no first pass, nor what acts in it. */
export const isOnlyEnlarged = ({ initial, upscale }) => initial !== null && upscale !== null;

/** The units that act, in their order: the server's `units[i]` is the i-th of these. */
export const actingUnits = (from = draft.value) =>
  isOnlyEnlarged(from) ? [] : from.units.filter((unit) => unit.on && hasHint(unit));

const initialRequest = async ({ picture, denoise, mask, carried, carriedMask }, size) => ({
  picture: { sha256: picture.sha256 },
  denoise,
  ...(mask.doc.ops.length > 0 && { mask: { picture: await maskPicture(mask, size), ...carriedMask } }),
  ...carried,
});

/** What is left open is left out. */
const upscaleRequest = ({ tile, control, controlModel, controlWeight, ...rest }) => ({
  ...rest,
  ...(tile !== null && { tile }),
  ...(control && { control, controlWeight, ...(controlModel && { controlModel }) }),
});

/** The request of a draft. */
export async function requestOf(from = draft.value) {
  const size = { width: from.width, height: from.height };
  const { initial, upscale } = from;
  return {
    version: 1,
    prompt: from.prompt,
    ...(from.negativePrompt && { negativePrompt: from.negativePrompt }),
    model: from.model,
    // A picture that is only enlarged has its own.
    ...(!isOnlyEnlarged(from) && { size }),
    steps: from.steps,
    sampler: from.sampler,
    scheduler: from.scheduler,
    ...(from.guidanceScale !== null && { guidanceScale: from.guidanceScale }),
    ...(from.seed !== null && { seed: from.seed }),
    batch: from.batch,
    ...(initial && {
      initial: isOnlyEnlarged(from)
        ? { picture: { sha256: initial.picture.sha256 } }
        : await initialRequest(initial, size),
    }),
    ...(upscale && { upscale: upscaleRequest(upscale) }),
    units: await Promise.all(actingUnits(from).map((unit) => unitRequest(unit, size))),
    ...from.carried,
  };
}

/** Enlarging with everything as the server has it where nothing is said. */
export function firstUpscale() {
  const members = ['scale', 'tile', 'overlap', 'denoise', 'upscaler', 'controlWeight'];
  const known = members.map((member) => [member, server.value.ranges[`upscale.${member}`]?.default ?? null]);
  return { ...Object.fromEntries(known), control: null };
}

/** A picture of a request as an upload: {sha256}, and which frame of it. */
async function known(picture) {
  const frame = picture.frame !== undefined && { frame: picture.frame };
  if (picture.sha256 && !picture.data) {
    return { sha256: picture.sha256, ...frame };
  }
  const text = typeof picture === 'string' ? picture.slice(picture.indexOf(',') + 1) : picture.data;
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return { sha256: (await api.upload(new Blob([bytes]))).sha256, ...frame };
}

// What the page has fields for. All else that a request asks for is carried: shown, sent along, left out on demand.
const fields = {
  request: [
    ...['version', 'prompt', 'negativePrompt', 'model', 'size', 'steps', 'sampler', 'scheduler', 'guidanceScale'],
    ...['seed', 'batch', 'initial', 'upscale', 'units'],
  ],
  initial: ['picture', 'denoise', 'mask'],
  mask: ['picture'],
  unit: [
    ...['kind', 'picture', 'annotator', 'options', 'model', 'weight', 'start', 'end', 'mode', 'resize', 'mask'],
    ...['more', 'combine', 'transfer'],
  ],
};

/** The members of a record, which stands at a path in requests, that have no field and are not as they are anyway. */
const beyond = (record, names, path) =>
  Object.fromEntries(
    Object.entries(record ?? {}).filter(
      ([name, value]) => !names.includes(name) && server.value.ranges[path + name]?.default !== value,
    ),
  );

async function carriedByUnit(unit) {
  const carried = beyond(unit, fields.unit, 'units.');
  return {
    ...carried,
    ...(carried.inpaint && { inpaint: await known(carried.inpaint) }),
    ...(carried.frames && { frames: await Promise.all(carried.frames.map(known)) }),
  };
}

async function carriedBy(request) {
  const { prediction, ...carried } = beyond(request, fields.request, '');
  const isOwn = server.value.models.find(({ name }) => name === request.model)?.prediction === prediction;
  const masked = async (region) => ({ ...region, mask: await known(region.mask) });
  return {
    ...carried,
    ...(prediction && !isOwn && { prediction }),
    ...(carried.regions && { regions: await Promise.all(carried.regions.map(masked)) }),
  };
}

const maskOf = async (picture) =>
  begin({ base: picture ? api.uploadUrl((await known(picture)).sha256) : null, ops: [] });

async function unitOf(unit) {
  const picture = await known(unit.picture);
  const common = {
    kind: unit.kind,
    annotator: unit.annotator === 'none' ? null : (unit.annotator ?? null),
    isHint: unit.annotator === 'none',
    options: unit.options ?? {},
    model: unit.model ?? null,
    weight: unit.weight ?? 1,
    start: unit.start ?? 0,
    end: unit.end ?? 1,
    mode: unit.mode ?? 'balanced',
    resize: unit.resize ?? 'crop',
    mask: unit.mask ? await maskOf(unit.mask) : null,
    more: await Promise.all((unit.more ?? []).map(known)),
    combine: unit.combine ?? 'average',
    transfer: unit.transfer ?? 'all',
    carried: await carriedByUnit(unit),
  };
  const blob = await api.bytes(api.uploadUrl(picture.sha256));
  const start = (await blob.slice(0, 1).text()).trim();
  if (start === '{' || start === '[') {
    const people = peopleOf(JSON.parse(await blob.text()));
    return newUnit({ ...common, source: 'pose', pose: begin({ people }) });
  }
  const base = { base: api.uploadUrl(picture.sha256), ops: [] };
  if (unit.annotator && unit.annotator === drawingAnnotator(unit.kind)) {
    return newUnit({ ...common, source: 'drawing', drawing: begin(base) });
  }
  if (unit.kind === 'segmentation' && common.isHint) {
    return newUnit({ ...common, source: 'segmentation', classes: begin(base) });
  }
  return newUnit({ ...common, source: 'picture', picture });
}

/** The draft that a request describes; what it leaves out has the server's defaults. */
export async function draftOf(request) {
  const { initial } = request;
  const standard = server.value.defaults;
  return {
    prompt: request.prompt ?? '',
    negativePrompt: request.negativePrompt ?? '',
    model: request.model ?? EMBEDDED,
    ...(request.size && { width: request.size.width, height: request.size.height }),
    steps: request.steps ?? standard.steps,
    sampler: request.sampler ?? standard.sampler,
    scheduler: request.scheduler ?? standard.scheduler,
    guidanceScale: request.guidanceScale ?? null,
    seed: request.seed ?? null,
    keepSeed: request.seed !== undefined,
    batch: request.batch ?? 1,
    initial: initial
      ? {
          picture: await known(initial.picture),
          denoise: initial.denoise ?? 0.75,
          mask: await maskOf(initial.mask?.picture),
          carried: beyond(initial, fields.initial, 'initial.'),
          carriedMask: beyond(initial.mask, fields.mask, 'initial.mask.'),
        }
      : null,
    upscale: request.upscale ? { ...firstUpscale(), ...request.upscale } : null,
    units: await Promise.all((request.units ?? []).map(unitOf)),
    carried: await carriedBy(request),
  };
}
