// Jobs as the server tells of them, in one stream of events.
import { api } from './api.js';
import { batch, effect } from './view.js';
import { isOver, jobs } from './state.js';

const AGAIN = 2000;
const forgotten = new Set();

/** Takes in what is said of a job. Answers and events overtake each other: what is over stays over. */
export function keep(job) {
  const known = jobs.value.get(job.id);
  if (forgotten.has(job.id)) {
    return job;
  }
  if (known && (isOver(known) || (known.state === 'running' && job.state === 'queued' && known.attempt === job.attempt))) {
    return known;
  }
  jobs.value = new Map(jobs.value).set(job.id, job);
  return job;
}

/** A job that is deleted, or not worth keeping: late news of it count no more. */
export function forget(id) {
  forgotten.add(id);
  const left = new Map(jobs.value);
  left.delete(id);
  jobs.value = left;
}

/** Follows all jobs; what happened while the line was down is asked for when it is up again. */
export function follow() {
  const events = api.events();
  events.addEventListener('job', (event) => keep(JSON.parse(event.data)));
  events.onopen = async () => {
    const open = [...jobs.value.values()].filter((job) => !isOver(job));
    const told = await Promise.all(open.map((job) => api.job(job.id).catch(() => null)));
    batch(() => told.filter(Boolean).forEach(keep));
  };
  // The browser tries again by itself, but not after an answer that is no stream.
  events.onerror = () => {
    if (events.readyState === EventSource.CLOSED) {
      setTimeout(follow, AGAIN);
    }
  };
}

/** The job once it is over. */
export const ended = (id) =>
  new Promise((resolve) => {
    let stop = () => {};
    let isDone = false;
    stop = effect(() => {
      const job = jobs.value.get(id);
      if (!isDone && (!job || isOver(job))) {
        isDone = true;
        queueMicrotask(() => stop());
        resolve(job ?? null);
      }
    });
  });
