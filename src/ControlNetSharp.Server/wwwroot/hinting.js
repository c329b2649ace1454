// The hint of each unit, made anew by the server when something it depends on changes.
import { api } from './api.js';
import { ended, forget, keep } from './jobs.js';
import { annotationOf, annotatorOf, hasHint } from './request.js';
import { draft, hints, hintsOf, live, server, tab } from './state.js';
import { t } from './texts.js';
import { effect } from './view.js';

const REST = 180;

const set = (key, hint) => (hints.value = { ...hints.value, [key]: { ...hints.value[key], ...hint } });

/** What a hint depends on, to be compared piece by piece. */
const causes = (unit, { width, height }) => [
  unit.kind,
  unit.source,
  annotatorOf(unit),
  width,
  height,
  ...(unit.source === 'picture'
    ? [unit.picture?.sha256, unit.isHint, JSON.stringify(unit.options)]
    : [{ drawing: unit.drawing, segmentation: unit.classes, pose: unit.pose }[unit.source].doc]),
];

const isSame = (a, b) => a?.length === b.length && a.every((value, i) => value === b[i]);

async function make(unit, size, isStale) {
  if (!hasHint(unit)) {
    set(unit.key, { url: null, warnings: [], error: null, isBusy: false });
    return;
  }
  set(unit.key, { isBusy: true });
  try {
    const asked = keep(await api.annotate(await annotationOf(unit, size), `hint-${unit.key}-${tab}`));
    const job = await ended(asked.id);
    if (job && !isStale()) {
      const file = hintsOf(job)[0];
      const old = hints.value[unit.key]?.url;
      // The bytes are kept here and the job is not: previews do not fill the store.
      const url = file ? URL.createObjectURL(await api.bytes(file.url)) : null;
      set(unit.key, {
        ...(job.state !== 'cancelled' && { url, error: job.error?.message ?? null }),
        warnings: job.warnings ?? [],
        isBusy: false,
      });
      if (old) {
        setTimeout(() => URL.revokeObjectURL(old), 1000);
      }
    }
    forget(asked.id);
    await api.remove(asked.id).catch(() => {});
  } catch (refusal) {
    if (!isStale()) {
      set(unit.key, { error: refusal.code === 'offline' ? t('offline') : refusal.message, isBusy: false });
    }
  }
}

/** Watches the draft for as long as the page is open. */
export function watchHints() {
  const seen = new Map();
  const timers = new Map();
  effect(() => {
    const { units, width, height } = draft.value;
    // While pictures follow the pen they are the preview, and the server has its hands full.
    if (!server.value || live.value.busy) {
      return;
    }
    for (const unit of units) {
      const now = causes(unit, { width, height });
      if (isSame(seen.get(unit.key), now)) {
        continue;
      }
      const isFirst = !seen.has(unit.key);
      seen.set(unit.key, now);
      clearTimeout(timers.get(unit.key));
      const isStale = () => seen.get(unit.key) !== now;
      timers.set(unit.key, setTimeout(() => make(unit, { width, height }, isStale), isFirst ? 0 : REST));
    }
  });
}
