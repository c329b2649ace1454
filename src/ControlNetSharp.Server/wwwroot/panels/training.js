// A ControlNet of one's own: what it costs, how it comes along, and the result as a unit.
import { api } from '../api.js';
import { keep } from '../jobs.js';
import { cancel } from '../making.js';
import { Button, Field, NumberBox, Select } from '../parts/controls.js';
import { Curve } from '../parts/curve.js';
import { addUnit, isOver, jobs, notify, page, server } from '../state.js';
import { seconds, t, word } from '../texts.js';
import { batch, html, signal, useEffect } from '../view.js';

const wish = signal({ condition: 'canny', data: '', scenes: 200, steps: 500, out: 'my-control' });
const refusal = signal(null);
const plan = signal(null);
const datasets = signal([]);

/** The request; it is validated eight times, so that curves and samples come while one waits. */
function asked() {
  const { condition, data, scenes, steps, out } = wish.value;
  const every = Math.max(1, Math.round(steps / 8));
  return {
    data: data || `scenes:${scenes}`,
    conditions: [condition],
    steps,
    out,
    validateEvery: every,
    saveEvery: every,
  };
}

async function attempt(act) {
  refusal.value = null;
  try {
    return await act();
  } catch (error) {
    refusal.value = error;
    return null;
  }
}

const start = () => attempt(async () => keep(await api.train(asked())));

const resume = (job) => attempt(async () => keep(await api.train({ ...(await api.request(job.id)), resume: true })));

const makePlan = () =>
  attempt(async () => (plan.value = { ...(await api.planTraining(asked())), steps: wish.value.steps }));

/** The network becomes the control of a new unit: of its own kind where the page has that, else of any picture. */
const use = (job) =>
  attempt(async () => {
    const { conditions } = await api.request(job.id);
    const controls = await api.controls();
    const isKind = controls.some(({ kind }) => kind === conditions[0]);
    batch(() => {
      server.value = { ...server.value, controls };
      addUnit({ kind: isKind ? conditions[0] : 'hint', source: 'picture', isHint: !isKind, model: job.facts.model });
      page.value = 'studio';
    });
    notify(t('training.used'));
  });

const gigabytes = (bytes) => (bytes / 2 ** 30).toFixed(1);

function Run({ job, isNewest }) {
  const curve = job.facts?.curve ?? [];
  const last = curve.at(-1);
  const samples = job.previewUrl ?? (job.files ?? []).find((file) => file.role === 'picture')?.url;
  return html`
    <li class="card run" key=${job.id}>
      <header>
        <h3>${job.title || word('job', job.kind)}</h3>
        <span class="quiet">${t(`state.${job.state}`)}</span>
        ${!isOver(job) && html`<${Button} icon="stop" text=${t('training.stop')} onClick=${() => cancel(job.id)} />`}
        ${job.state === 'cancelled' &&
        isNewest &&
        html`<${Button} icon="again" text=${t('training.resume')} onClick=${() => resume(job)} />`}
        ${job.state === 'done' &&
        job.facts?.model &&
        html`<${Button} icon="plus" text=${t('training.use')} onClick=${() => use(job)} />`}
      </header>
      ${
        !isOver(job) &&
        html`<progress max="1" value=${job.progress?.done ?? 0} aria-label=${t('making')}></progress>
          <p class="quiet">
            ${job.progress?.text ? `${word('progress', job.progress.text)} · ` : ''}${job.progress?.steps ? t('stepOf', { step: job.progress.step, steps: job.progress.steps }) : ''}
            ${job.progress?.secondsLeft > 0 ? ` · ${t('left', { time: seconds(job.progress.secondsLeft) })}` : ''}
          </p>`
      }
      ${
        curve.length > 1 &&
        html`<${Curve}
          points=${curve}
          lines=${['loss', 'validationLoss', 'fidelity'].map((name) => ({ name, label: t(`training.${name}`) }))}
        />`
      }
      ${last && html`<p class="quiet">${t('training.at', { step: last.step, loss: last.loss?.toFixed(4) ?? '–' })}</p>`}
      ${samples && html`<img class="samples" src=${samples} alt=${t('training.samples')} />`}
      ${job.error && html`<p class="fault" role="alert">${job.error.message}</p>`}
    </li>
  `;
}

export function Training() {
  useEffect(() => {
    api.jobs({ kind: 'training', limit: 20 }).then(
      ({ jobs: told }) => told.forEach(keep),
      () => {},
    );
    api.datasets().then(
      (names) => (datasets.value = names),
      () => {},
    );
  }, []);
  const set = (part) => (wish.value = { ...wish.value, ...part });
  const { condition, data, scenes, steps, out } = wish.value;
  const runs = [...jobs.value.values()].filter((job) => job.kind === 'training').sort((a, b) => (a.id < b.id ? 1 : -1));
  const text = (label, value, change) => html`
    <${Field} label=${label}>
      ${(names) => html`
        <input type="text" ...${names} value=${value} onInput=${(event) => change(event.currentTarget.value)} />
      `}
    <//>
  `;
  return html`
    <div class="wide-page">
      <section class="card" aria-label=${t('training')}>
        <h2>${t('training')}</h2>
        <p class="quiet">${t('training.how')}</p>
        <div class="grid">
          <${Select}
            label=${t('training.condition')}
            value=${condition}
            choices=${[
              ...server.value.controls
                .filter(({ kind }) => kind !== 'hint')
                .map(({ kind }) => ({ value: kind, label: word('kind', kind) })),
              { value: 'fill', label: t('training.fill') },
            ]}
            onChange=${(value) => set({ condition: value })}
          />
          <${Select}
            label=${t('training.data')}
            value=${data}
            choices=${[
              { value: '', label: t('training.made') },
              ...datasets.value.map((name) => ({ value: name, label: name })),
            ]}
            onChange=${(value) => set({ data: value })}
          />
          ${!data &&
          html`<${NumberBox}
            label=${t('training.scenes')}
            min="2"
            step="1"
            value=${scenes}
            onChange=${(value) => set({ scenes: value })} />`}
          <${NumberBox}
            label=${t('training.steps')}
            min="1"
            step="1"
            value=${steps}
            onChange=${(value) => set({ steps: value })}
          />
          ${text(t('training.out'), out, (value) => set({ out: value }))}
        </div>
        ${refusal.value && html`<p class="fault" role="alert">${refusal.value.message}</p>`}
        <div class="tools">
          <button type="button" class="button primary" onClick=${start}>${t('training.start')}</button>
          <button type="button" class="button" onClick=${makePlan}>${t('training.plan')}</button>
        </div>
        ${
          plan.value &&
          html`<p role="status">
            ${t('training.cost', {
              time: seconds(plan.value.secondsPerStep * plan.value.steps),
              steps: plan.value.steps,
              memory: gigabytes(plan.value.bytes),
              free: gigabytes(plan.value.availableBytes),
            })}
          </p>`
        }
      </section>
      <ul class="runs" aria-label=${t('training.runs')}>
        ${runs.map(
          (job) => html`<${Run} key=${job.id} job=${job} isNewest=${job === runs.find((run) => run.title === job.title)} />`,
        )}
      </ul>
    </div>
  `;
}
