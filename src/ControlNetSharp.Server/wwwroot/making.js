// What the person does with pictures: make, stop, restore, use again.
import { api } from './api.js';
import { begin } from './history.js';
import { ended, forget, keep } from './jobs.js';
import { actingUnits, draftOf, firstUpscale, requestOf } from './request.js';
import { addUnit, change, draft, faults, notify, page, preset, server, shown, shownJob } from './state.js';
import { t } from './texts.js';
import { batch, effect } from './view.js';

const LONG = 15000;
const SHOWN = 'shown';

export const anySeed = () => Math.floor(Math.random() * 2 ** 32);

/** What the server said, where it belongs: `units[1].weight` becomes the member of that unit. */
export function blame(refusal, units) {
  const member = refusal.member?.replace(/^units\[(\d+)\]/, (whole, i) => units[i]?.key ?? whole);
  const message = refusal.code === 'offline' ? t('offline') : refusal.message;
  faults.value = [{ member: member ?? null, message }];
}

/** Makes what the draft says. */
export async function generate(changes = {}) {
  const from = { ...draft.value, ...changes };
  const units = actingUnits(from);
  faults.value = [];
  try {
    const job = keep(await api.generate(await requestOf(from)));
    shown.value = { id: job.id, index: 0 };
    const began = Date.now();
    const done = await ended(job.id);
    if (done?.error) {
      blame(done.error, units);
    }
    if (done?.state === 'done' && Date.now() - began > LONG) {
      announce(done);
    }
  } catch (refusal) {
    blame(refusal, units);
  }
}

/** One click on the button: a new seed comes after a picture was made with this one, unless it is kept. */
export function press() {
  if (!draft.value.keepSeed && shownJob.value?.facts?.seed === draft.value.seed) {
    change({ seed: anySeed() });
  }
  return generate();
}

export const cancel = (id) => api.cancel(id).then(keep, (refusal) => notify(refusal.message, true));

function announce(job) {
  if (document.hidden && 'Notification' in window && Notification.permission === 'granted') {
    new Notification(t('done'), { body: job.title });
  }
}

async function attempt(act) {
  try {
    return await act();
  } catch (refusal) {
    notify(refusal.code === 'offline' ? t('offline') : refusal.message, true);
    return null;
  }
}

async function restore(request) {
  const wanted = await draftOf(request);
  batch(() => {
    preset.value = null;
    faults.value = [];
    change(wanted);
    page.value = 'studio';
  });
}

/** The settings that made a picture. */
export const sameSettings = (id) => attempt(async () => restore(await api.request(id)));

/** Four others with the same settings. */
export const vary = (id) =>
  attempt(async () => {
    await restore(await api.request(id));
    change({ seed: anySeed(), batch: 4 });
    await generate();
    change({ batch: 1 });
  });

const asUpload = async (file) => api.upload(await api.bytes(file.url));

/** A picture that was made becomes what a new unit looks at. */
export const useAsHint = (file) =>
  attempt(async () => {
    const picture = await asUpload(file);
    addUnit({ kind: 'canny', source: 'picture', picture });
    notify(t('result.usedAsHint'));
  });

const startFrom = (picture) => ({
  picture,
  denoise: 0.75,
  mask: begin({ base: null, ops: [] }),
  carried: {},
  carriedMask: {},
});

/** A picture of the person's becomes the start. */
export const startFromFile = (file) =>
  attempt(async () => change({ initial: startFrom(await api.upload(file)) }));

/** What is carried, without further passes, which do not go with a start or another size. */
export const inOnePass = ({ carried: { hires, ...rest } }) => rest;

/** A picture that was made becomes the start, to be painted over. */
export const inpaint = (file) =>
  attempt(async () =>
    change({ initial: startFrom(await asUpload(file)), upscale: null, carried: inOnePass(draft.value) }),
  );

/** A picture that was made, larger. */
export const enlarge = (id, file) =>
  attempt(async () => {
    const initial = startFrom(await asUpload(file));
    await restore(await api.request(id));
    const { regions, ...carried } = inOnePass(draft.value);
    change({ initial, upscale: firstUpscale(), batch: 1, carried });
    await generate();
  });

export const remove = (id) =>
  attempt(async () => {
    await api.remove(id);
    forget(id);
    if (shown.value.id === id) {
      shown.value = { id: null, index: 0 };
    }
  });

/** A picture from outside: its settings where it has some, else a unit looks at it. */
export const takeIn = (file) =>
  attempt(async () => {
    try {
      const read = await api.read(file);
      await restore(read.request);
      notify(read.losses?.length > 0 ? t('restored.losses', { n: read.losses.length }) : t('restored'));
    } catch (refusal) {
      if (refusal.status !== 422 && refusal.status !== 415) {
        throw refusal;
      }
      const picture = await api.upload(file);
      addUnit({ kind: 'canny', source: 'picture', picture: { ...picture, name: file.name } });
      notify(t('taken'));
    }
  });

/** What this tab showed before it was loaded anew, under way or done. */
export async function recall() {
  const id = sessionStorage.getItem(SHOWN);
  if (id) {
    const job = await api
      .jobs({ kind: 'generation', limit: 100 })
      .then(({ jobs: told }) => told.find((each) => each.id === id));
    if (job) {
      keep(job);
      shown.value = { id, index: 0 };
    }
  }
  effect(() => sessionStorage.setItem(SHOWN, shown.value.id ?? ''));
}

/**
 * The kinds that a model can follow: there is a ControlNet for it, or none is needed. Of a model on another machine only
 * the names of its ControlNets are known.
 */
export function kindsFor(model) {
  const { controls, models } = server.value;
  const isElsewhere = !models.find(({ name }) => name === model)?.family;
  const has = ({ takesNetwork, models: known, controlNets }) =>
    !takesNetwork || known.some((entry) => entry.model === model) || (isElsewhere && controlNets.length > 0);
  return controls.filter((control) => control.kind !== 'hint' && has(control));
}
