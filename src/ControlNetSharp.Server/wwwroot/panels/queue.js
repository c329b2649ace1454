// One's own jobs that are waiting or under way.
import { cancel } from '../making.js';
import { Button } from '../parts/controls.js';
import { isOver, jobs, shown } from '../state.js';
import { t, word } from '../texts.js';
import { html } from '../view.js';

const shownKinds = ['generation', 'training', 'evaluation'];

export function Queue() {
  const open = [...jobs.value.values()].filter(
    (job) => !isOver(job) && shownKinds.includes(job.kind) && !job.group && job.id !== shown.value.id,
  );
  if (open.length === 0) {
    return null;
  }
  return html`
    <section class="card queue" aria-label=${t('queue')}>
      <h3>${t('queue')}</h3>
      <ul aria-label=${t('queue')}>
        ${open.map(
          (job) => html`
            <li key=${job.id}>
              <span class="title">${job.title || word('job', job.kind)}</span>
              <span class="quiet">
                ${job.state === 'running'
                  ? t('percent', { n: Math.round(100 * (job.progress?.done ?? 0)) })
                  : job.ahead > 0
                    ? t('ahead', { n: job.ahead })
                    : t('next')}
              </span>
              <${Button} icon="close" label=${t('queue.stop', { title: job.title })} onClick=${() => cancel(job.id)} />
            </li>
          `,
        )}
      </ul>
    </section>
  `;
}
