// Skeletons to drag: 18 joints a person, by pointer or keys.
import { begin, edit, redo, refine, undo } from '../history.js';
import { moved, mirrored, peopleOf, poseJson, poses, withJoint } from '../parts/skeleton.js';
import { changeUnit, notify, server } from '../state.js';
import { t, word } from '../texts.js';
import { html, useLayoutEffect, useRef, useSignal } from '../view.js';
import { Button, FileButton, Select } from '../parts/controls.js';
import { save } from '../parts/files.js';

const STEP = 0.01;
const MOVES = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
const SCALE = 2;
const REACH = 0.06;

function paint(canvas, people, chosen, { joints, limbs }) {
  const context = canvas.getContext('2d');
  const { width, height } = canvas;
  const at = ([x, y]) => [x * width, y * height];
  context.globalAlpha = 1;
  context.fillStyle = '#000';
  context.fillRect(0, 0, width, height);
  context.lineCap = 'round';
  people.forEach((person, who) => {
    limbs.forEach(([from, to], limb) => {
      if (person[from] && person[to]) {
        context.globalAlpha = 0.75;
        context.strokeStyle = joints[limb].colour;
        context.lineWidth = width / 44;
        context.beginPath();
        context.moveTo(...at(person[from]));
        context.lineTo(...at(person[to]));
        context.stroke();
      }
    });
    context.globalAlpha = 1;
    person.forEach((point, joint) => {
      if (!point) {
        return;
      }
      const isChosen = chosen && chosen.who === who && chosen.joint === joint;
      context.fillStyle = joints[joint].colour;
      context.beginPath();
      context.arc(...at(point), width / (isChosen ? 40 : 56), 0, 2 * Math.PI);
      context.fill();
      if (isChosen) {
        context.strokeStyle = '#fff';
        context.lineWidth = width / 140;
        context.stroke();
      }
    });
  });
}

/** The nearest joint within reach of a pointer. */
function nearest(people, [x, y], aspect) {
  let best = null;
  let least = REACH;
  people.forEach((person, who) =>
    person.forEach((point, joint) => {
      const distance = point ? Math.hypot((point[0] - x) * aspect, point[1] - y) : Infinity;
      if (distance < least) {
        [best, least] = [{ who, joint }, distance];
      }
    }),
  );
  return best;
}

const fileOf = (doc, size) => new Blob([JSON.stringify(poseJson(doc, size), null, 2)], { type: 'application/json' });

export function PoseEditor({ unit, size }) {
  const canvas = useRef(null);
  const chosen = useSignal({ who: 0, joint: 0 });
  const keeps = useSignal(false);
  const dragged = useRef(null);
  const latest = useRef(null);
  const history = unit.pose;
  latest.current = history;
  const { people } = history.doc;
  const drawing = server.value.drawing;
  const aspect = size.width / size.height;
  const set = (next) => {
    latest.current = next;
    changeUnit(unit.key, { pose: next });
  };
  const who = Math.min(chosen.value.who, people.length - 1);

  useLayoutEffect(
    () => paint(canvas.current, people, { ...chosen.value, who }, drawing),
    [people, chosen.value, size, drawing],
  );

  const place = (joint, to, step) => {
    const { doc } = latest.current;
    const person = withJoint(doc.people[joint.who], joint.joint, to, { keepsProportions: keeps.value, aspect });
    set(step(latest.current, { people: doc.people.with(joint.who, person) }));
  };

  const pointOf = (event) => {
    const box = canvas.current.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };

  const onPointerDown = (event) => {
    const joint = nearest(people, pointOf(event), aspect);
    if (joint && event.button === 0) {
      event.preventDefault();
      canvas.current.focus({ preventScroll: true });
      canvas.current.setPointerCapture(event.pointerId);
      chosen.value = joint;
      dragged.current = { joint, isFirst: true };
    }
  };

  const onPointerMove = (event) => {
    if (dragged.current) {
      place(dragged.current.joint, pointOf(event), dragged.current.isFirst ? edit : refine);
      dragged.current.isFirst = false;
    }
  };

  const next = (by) => {
    const joint = (chosen.value.joint + by + 18) % 18;
    chosen.value = { who, joint };
  };

  const onKeyDown = (event) => {
    const point = people[who]?.[chosen.value.joint];
    if (MOVES[event.key] && point) {
      event.preventDefault();
      const [dx, dy] = MOVES[event.key].map((share) => share * (event.shiftKey ? 5 : 1));
      place({ ...chosen.value, who }, [point[0] + dx, point[1] + dy], edit);
    } else if (event.key === 'PageDown' || event.key === 'n') {
      event.preventDefault();
      next(1);
    } else if (event.key === 'PageUp' || event.key === 'p') {
      event.preventDefault();
      next(-1);
    } else if ((event.key === 'Delete' || event.key === 'Backspace') && point) {
      event.preventDefault();
      set(edit(history, { people: people.with(who, people[who].with(chosen.value.joint, null)) }));
    }
  };

  const withPerson = (change) =>
    set(edit(history, { people: people.map((person, i) => (i === who ? change(person) : person)) }));

  const addPerson = (name) => {
    const beside = people.length === 0 ? 0 : people.length % 2 ? 0.22 : -0.22;
    set(edit(history, { people: [...people, moved(poses[name], beside, 0)] }));
    chosen.value = { who: people.length, joint: 0 };
  };

  const takePose = (name) => {
    if (people.length === 0) {
      addPerson(name);
      return;
    }
    const neck = people[who][1];
    const [dx, dy] = neck ? [neck[0] - poses[name][1][0], 0] : [0, 0];
    withPerson(() => moved(poses[name], dx, dy));
  };

  const open = async (file) => {
    try {
      set(edit(history, { people: peopleOf(JSON.parse(await file.text())) }));
    } catch {
      notify(t('pose.noJson', { name: file.name }), true);
    }
  };

  const jointName = drawing.joints[chosen.value.joint].name;
  return html`
    <div class="sheet" style=${{ aspectRatio: `${size.width} / ${size.height}` }}>
      <canvas
        ref=${canvas}
        width=${SCALE * size.width}
        height=${SCALE * size.height}
        tabindex="0"
        role="application"
        aria-label=${t('pose')}
        aria-description=${t('pose.keys')}
        onPointerDown=${onPointerDown}
        onPointerMove=${onPointerMove}
        onPointerUp=${() => (dragged.current = null)}
        onPointerCancel=${() => (dragged.current = null)}
        onKeyDown=${onKeyDown}
      ></canvas>
      <span class="badge" aria-live="polite">${people.length > 0 ? word('joint', jointName) : t('pose.nobody')}</span>
    </div>
    <div class="tools">
      <span class="steps">
        <${Button}
          icon="undo"
          label=${t('undo')}
          disabled=${history.past.length === 0}
          onClick=${() => set(undo(history))}
        />
        <${Button}
          icon="redo"
          label=${t('redo')}
          disabled=${history.future.length === 0}
          onClick=${() => set(redo(history))}
        />
        <${Button}
          icon="clear"
          label=${t('clear')}
          disabled=${people.length === 0}
          onClick=${() => set(edit(history, { people: [] }))}
        />
        <${Button} icon="person" label=${t('pose.add')} onClick=${() => addPerson('standing')} />
        <${Button}
          icon="flip"
          label=${t('pose.flip')}
          disabled=${people.length === 0}
          onClick=${() => withPerson(mirrored)}
        />
        <${Button}
          icon="close"
          label=${t('pose.remove')}
          disabled=${people.length === 0}
          onClick=${() => set(edit(history, { people: people.toSpliced(who, 1) }))}
        />
        <${FileButton} icon="open" label=${t('pose.open')} accept=".json,application/json" onFile=${open} />
        <${Button}
          icon="download"
          label=${t('pose.save')}
          disabled=${people.length === 0}
          onClick=${() => save(fileOf(history.doc, size), 'pose.json')}
        />
      </span>
      <${Select}
        label=${t('pose.preset')}
        kind="inline"
        value=""
        choices=${[
          { value: '', label: '…' },
          ...Object.keys(poses).map((name) => ({ value: name, label: t(`pose.${name}`) })),
        ]}
        onChange=${(name) => name && takePose(name)}
      />
      <label class="check">
        <input
          type="checkbox"
          checked=${keeps.value}
          onChange=${(event) => (keeps.value = event.currentTarget.checked)}
        />
        ${t('pose.keep')}
      </label>
    </div>
  `;
}

/** What a new pose begins with. */
export const firstPose = () => begin({ people: [poses.standing] });
