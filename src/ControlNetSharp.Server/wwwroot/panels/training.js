// A ControlNet of one's own: what it costs, how it comes along, and the result as a unit.
import { api } from '../api.js';
import { keep } from '../jobs.js';
import { cancel } from '../making.js';
import { Button, Field, NumberBox, Select } from '../parts/controls.js';
import { Curve } from '../parts/curve.js';
import { addUnit, isOver, jobs, notify, page, server } from '../state.js';
import { seconds, t, word } from '../texts.js';
import { html, signal, useEffect } from '../view.js';

const wish = signal({ condition: 'canny', data: '', scenes: 200, steps: 500, out: '' });
const refusal = signal(null);
const plan = signal(null);

const asked = () => {
  const { condition, data, scenes, steps, out } = wish.value;
  return {
    condition,
    ...(data ? { data } : { scenes }),
    steps,
    ...(out && { out }),
  };
};

async function send(extra = {}) {
  refusal.value = null;
  try {
    return keep(await api.train({ ...asked(), ...extra }));
  } catch (error) {
    refusal.value = error;
    return null;
  }
}

const start = () => send();
const makePlan = async () => {
  const job = await send({ plan: true });
  plan.value = job?.id ?? null;
};

function use(job) {
  const { condition, model } = job.facts;
  addUnit({ kind: condition, source: 'picture', model });
  page.value = 'studio';
  notify(t('training.used'));
}

function Run({ job }) {
  const curve = job.facts?.curve ?? job.progress?.curve ?? [];
  const last = curve.at(-1);
  const samples = (job.files ?? []).filter((file) => file.role === 'picture').slice(-8);
  return html`
    <li class="card run" key=${job.id}>
      <header>
        <h3>${job.title || word('job', job.kind)}</h3>
        <span class="quiet">${t(`state.${job.state}`)}</span>
        ${!isOver(job) && html`<${Button} icon="stop" text=${t('training.stop')} onClick=${() => cancel(job.id)} />`}
        ${job.state === 'cancelled' && html`<${Button} icon="again" text=${t('training.resume')} onClick=${() => send({ resume: job.id })} />`}
        ${job.state === 'done' && job.facts?.model && html`<${Button} icon="plus" text=${t('training.use')} onClick=${() => use(job)} />`}
      </header>
      ${!isOver(job) &&
      html`<progress max="1" value=${job.progress?.done ?? 0} aria-label=${t('making')}></progress>
        <p class="quiet">
          ${job.progress?.steps ? t('stepOf', { step: job.progress.step, steps: job.progress.steps }) : ''}
          ${job.progress?.secondsLeft > 0 ? ` · ${t('left', { time: seconds(job.progress.secondsLeft) })}` : ''}
        </p>`}
      ${curve.length > 1 &&
      html`<${Curve}
        points=${curve}
        lines=${['loss', 'validationLoss', 'fidelity'].map((name) => ({ name, label: t(`training.${name}`) }))}
      />`}
      ${last && html`<p class="quiet">${t('training.at', { step: last.step, loss: last.loss?.toFixed(4) ?? '–' })}</p>`}
      ${samples.length > 0 && html`<div class="several">${samples.map((file) => html`<img key=${file.name} src=${file.url} alt=${file.name} />`)}</div>`}
      ${job.error && html`<p class="fault" role="alert">${job.error.message}</p>`}
    </li>
  `;
}

export function Training() {
  useEffect(() => {
    api.jobs({ kind: 'training', limit: 20 }).then(({ jobs: told }) => told.forEach(keep), () => {});
  }, []);
  const set = (part) => (wish.value = { ...wish.value, ...part });
  const { condition, data, scenes, steps, out } = wish.value;
  const runs = [...jobs.value.values()].filter((job) => job.kind === 'training').sort((a, b) => (a.id < b.id ? 1 : -1));
  const text = (label, value, change, hint) => html`
    <${Field} label=${label} hint=${hint}>
      ${(names) => html`<input type="text" ...${names} value=${value} onInput=${(event) => change(event.currentTarget.value)} />`}
    <//>
  `;
  const planned = jobs.value.get(plan.value);
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
              ...server.value.controls.filter(({ kind }) => kind !== 'hint').map(({ kind }) => ({ value: kind, label: word('kind', kind) })),
              { value: 'fill', label: t('training.fill') },
            ]}
            onChange=${(value) => set({ condition: value })}
          />
          ${text(t('training.data'), data, (value) => set({ data: value }), t('training.dataHow'))}
          ${!data && html`<${NumberBox} label=${t('training.scenes')} min="8" step="1" value=${scenes} onChange=${(value) => set({ scenes: value })} />`}
          <${NumberBox} label=${t('training.steps')} min="1" step="1" value=${steps} onChange=${(value) => set({ steps: value })} />
          ${text(t('training.out'), out, (value) => set({ out: value }))}
        </div>
        ${refusal.value && html`<p class="fault" role="alert">${refusal.value.message}</p>`}
        <div class="tools">
          <button type="button" class="button primary" onClick=${start}>${t('training.start')}</button>
          <button type="button" class="button" onClick=${makePlan}>${t('training.plan')}</button>
        </div>
        ${planned?.facts?.plan && html`<dl class="facts-list">${Object.entries(planned.facts.plan).map(([name, value]) => html`<dt>${word('plan', name)}</dt><dd>${String(value)}</dd>`)}</dl>`}
      </section>
      <ul class="runs" aria-label=${t('training.runs')}>${runs.map((job) => html`<${Run} key=${job.id} job=${job} />`)}</ul>
    </div>
  `;
}
