// The stage: the picture as it comes, and what can be done with it.
import { enlarge, inpaint, remove, useAsHint, sameSettings, vary } from '../making.js';
import { quick } from '../live.js';
import { Button } from '../parts/controls.js';
import { Icon } from '../parts/icons.js';
import { save } from '../parts/files.js';
import { draft, faults, hints, hintsOf, isMaking, live, picturesOf, shown, shownJob } from '../state.js';
import { seconds, t } from '../texts.js';
import { html, useEffect, useRef, useSignal } from '../view.js';

function Progress({ job }) {
  const { progress } = job;
  const done = progress?.done ?? 0;
  const words =
    job.state === 'queued'
      ? job.ahead > 0
        ? t('ahead', { n: job.ahead })
        : t('next')
      : progress?.steps
        ? t('stepOf', { step: progress.step, steps: progress.steps })
        : (progress?.text ?? t('begins'));
  return html`
    <div class="progress">
      <div
        role="progressbar"
        aria-label=${t('making')}
        aria-valuemin="0"
        aria-valuemax="100"
        aria-valuenow=${Math.round(100 * done)}
        aria-valuetext=${words}
      >
        <span style=${{ transform: `scaleX(${Math.max(0.02, done)})` }}></span>
      </div>
      <p>
        <span>${words}</span>
        ${progress?.secondsLeft > 0 && html`<span>${t('left', { time: seconds(progress.secondsLeft) })}</span>`}
      </p>
    </div>
  `;
}

/** Hint and picture over each other, with an edge to drag. */
function Compare({ picture, hint, share }) {
  return html`
    <div class="compare">
      <img class="picture" src=${picture.url} alt=${draftedPrompt()} />
      <img class="over" src=${hint.url} alt="" style=${{ clipPath: `inset(0 ${100 - share.value}% 0 0)` }} />
      <span class="edge" style=${{ left: `${share.value}%` }}></span>
      <input
        type="range"
        min="0"
        max="100"
        aria-label=${t('compare')}
        value=${share.value}
        onInput=${(event) => (share.value = event.currentTarget.valueAsNumber)}
      />
    </div>
  `;
}

const draftedPrompt = () => shownJob.value?.title || t('picture');

function Actions({ job, file, isComparing, canCompare }) {
  return html`
    <div class="actions">
      <${Button}
        icon="download"
        text=${t('download')}
        onClick=${() => save(`${file.url}?download=1`, `${job.id}-${file.name}`)}
      />
      <${Button}
        icon="compare"
        text=${t('compareWith')}
        aria-pressed=${isComparing.value}
        disabled=${!canCompare}
        onClick=${() => (isComparing.value = !isComparing.value)}
      />
      <${Button} icon="vary" text=${t('vary')} onClick=${() => vary(job.id)} />
      <${Button} icon="again" text=${t('same')} onClick=${() => sameSettings(job.id)} />
      <${Button} icon="hint" text=${t('asHint')} onClick=${() => useAsHint(file)} />
      <${Button} icon="inpaint" text=${t('inpaint')} onClick=${() => inpaint(file)} />
      <${Button} icon="larger" text=${t('enlarge')} onClick=${() => enlarge(job.id, file)} />
      <${Button} icon="clear" label=${t('delete')} onClick=${() => remove(job.id)} />
    </div>
  `;
}

function Facts({ job }) {
  const { seed, totalSeconds } = job.facts ?? {};
  const words = [seed !== undefined && t('seedOf', { seed }), totalSeconds && seconds(totalSeconds)].filter(Boolean);
  return html`<p class="quiet facts"><span>${job.title}</span><span>${words.join(' · ')}</span></p>`;
}

export function Result() {
  const isComparing = useSignal(false);
  const share = useSignal(50);
  const job = shownJob.value;
  const pictures = picturesOf(job);
  const file = pictures[shown.value.index] ?? pictures[0];
  const hint = hintsOf(job)[0];
  const { width, height } = draft.value;
  const isFollowing = live.value.on && quick.value !== null;
  const outline = hints.value[draft.value.units.find(({ on }) => on)?.key]?.url;
  const problem = faults.value.find((fault) => fault.message)?.message;

  // On a phone the button is far from the stage; while one draws, the drawing stays where it is.
  const place = useRef(null);
  useEffect(() => {
    if (isMaking.value && !live.value.on) {
      place.current.scrollIntoView({ block: 'nearest' });
    }
  }, [shown.value.id]);

  let stage;
  if (isFollowing) {
    stage = html`<img class="picture" src=${quick.value} alt=${t('picture')} />`;
  } else if (isMaking.value) {
    stage = job.previewUrl
      ? html`<img class="picture forming" src=${job.previewUrl} alt="" />`
      : html`<div class="waiting"><${Icon} name="spark" /></div>`;
  } else if (file) {
    stage =
      isComparing.value && hint
        ? html`<${Compare} picture=${file} hint=${hint} share=${share} />`
        : html`<img class="picture" key=${file.url} src=${file.url} alt=${draftedPrompt()} />`;
  } else {
    stage = html`
      <div class="waiting">
        ${outline && html`<img class="outline" src=${outline} alt="" />`}
        <${Icon} name="spark" />
        <p>${t('stage.empty')}</p>
        <p class="quiet">${t('stage.how')}</p>
      </div>
    `;
  }
  return html`
    <section ref=${place} class="card result" aria-label=${t('result')} aria-busy=${isMaking.value}>
      <div class="stage" style=${{ aspectRatio: `${width} / ${height}` }}>${stage}</div>
      ${problem && html`<p class="fault" role="alert">${problem}</p>`}
      ${job?.state === 'cancelled' && !isFollowing && html`<p class="quiet" role="status">${t('cancelled')}</p>`}
      ${isMaking.value && html`<${Progress} job=${job} />`}
      ${live.value.on &&
      html`<p class="quiet" role="status">
        ${live.value.rate > 0 ? t('live.rate', { n: live.value.rate.toFixed(1) }) : t('live.how')}
      </p>`}
      ${
        file &&
        !isMaking.value &&
        !isFollowing &&
        html`
          ${
            pictures.length > 1 &&
            html`<div class="several">
              ${pictures.map(
                (each, index) => html`
                  <button
                    key=${each.name}
                    type="button"
                    aria-label=${t('pictureOf', { n: index + 1, count: pictures.length })}
                    aria-pressed=${each === file}
                    onClick=${() => (shown.value = { ...shown.value, index })}
                  >
                    <img src=${each.url} alt="" />
                  </button>
                `,
              )}
            </div>`
          }
          <${Actions} ...${{ job, file, isComparing }} canCompare=${Boolean(hint)} />
          <${Facts} job=${job} />
          ${(job.warnings ?? [])
            .filter((warning) => !warning.member?.startsWith('units'))
            .map((warning) => html`<p class="warning">${warning.text}</p>`)}
        `
      }
    </section>
  `;
}
