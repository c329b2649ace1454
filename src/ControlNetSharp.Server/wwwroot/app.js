// Puts the page together.
import { api } from './api.js';
import { follow } from './jobs.js';
import { setLive, watchLive } from './live.js';
import { watchHints } from './hinting.js';
import { recall, takeIn } from './making.js';
import { filesOf } from './parts/files.js';
import { Button, Choice, Switch } from './parts/controls.js';
import { Icon } from './parts/icons.js';
import { Gallery } from './panels/gallery.js';
import { givePicture } from './panels/picture.js';
import { Presets, take } from './panels/presets.js';
import { Prompt } from './panels/prompt.js';
import { Queue } from './panels/queue.js';
import { Result } from './panels/result.js';
import { Scoreboard } from './panels/scoreboard.js';
import { Training } from './panels/training.js';
import { Units } from './panels/units.js';
import { dismiss, draft, lastUnit, live, notices, page, server } from './state.js';
import { chooseLanguage, language, t } from './texts.js';
import { effect, html, render, signal } from './view.js';
import { presets } from './presets/presets.js';

const themes = ['auto', 'light', 'dark'];
const theme = signal(localStorage.getItem('theme') ?? 'auto');

effect(() => {
  localStorage.setItem('theme', theme.value);
  document.documentElement.dataset.theme = theme.value;
});

effect(() => {
  document.documentElement.lang = language.value;
});

const pages = { studio: null, training: Training, scoreboard: Scoreboard };
const featureOf = { training: 'training', scoreboard: 'evaluation' };

const isOffered = (name) => !featureOf[name] || server.value.features.includes(featureOf[name]);

function Head() {
  const offered = Object.keys(pages).filter(isOffered);
  const nextTheme = themes[(themes.indexOf(theme.value) + 1) % themes.length];
  return html`
    <header class="head">
      <h1>
        <${Icon} name="spark" /><span>ControlNet<b>Sharp</b></span>
      </h1>
      ${
        offered.length > 1 &&
        html`<${Choice}
          kind="tabs"
          label=${t('pages')}
          value=${page.value}
          choices=${offered.map((name) => ({ value: name, label: t(`page.${name}`) }))}
          onChange=${(name) => (page.value = name)}
        />`
      }
      <span class="space"></span>
      ${page.value === 'studio' &&
      html`<${Switch} label=${t('live')} describe=${t('live.how')} checked=${live.value.on} onChange=${setLive} />`}
      <select
        class="language"
        aria-label=${t('language')}
        value=${language.value}
        onChange=${(event) => chooseLanguage(event.currentTarget.value)}
      >
        <option value="en" selected=${language.value === 'en'}>EN</option>
        <option value="de" selected=${language.value === 'de'}>DE</option>
      </select>
      <${Button} icon=${theme.value} label=${t(`theme.${theme.value}`)} onClick=${() => (theme.value = nextTheme)} />
    </header>
  `;
}

const Notices = () => html`
  <div class="notices" role="status" aria-live="polite">
    ${notices.value.map(
      (notice) => html`
        <p key=${notice.key} class=${notice.isError ? 'error' : ''}>
          ${notice.text}<${Button} icon="close" label=${t('dismiss')} onClick=${() => dismiss(notice.key)} />
        </p>
      `,
    )}
  </div>
`;

function Studio() {
  return html`
    <${Presets} />
    <div class=${`studio ${live.value.on ? 'live' : ''}`}>
      <div class="left"><${Prompt} /><${Queue} /></div>
      <div class="middle"><${Units} /></div>
      <div class="right"><${Result} /></div>
    </div>
    <${Gallery} />
  `;
}

const failure = signal(null);

function App() {
  if (failure.value) {
    return html`<p class="waiting" role="alert">${failure.value}</p>`;
  }
  if (!server.value) {
    return html`<p class="waiting" role="status">${t('opening')}</p>`;
  }
  const Page = pages[page.value] ?? Studio;
  return html`<${Head} />
    <main><${Page} /></main>
    <${Notices} />`;
}

/** What the server has; its defaults are those of the ranges. */
async function ask() {
  const [info, models, controls, samplers, upscalers, ranges, drawing] = await Promise.all([
    api.server(),
    api.models(),
    api.controls(),
    api.samplers(),
    api.upscalers(),
    api.ranges(),
    api.drawing(),
  ]);
  const { steps, sampler, scheduler } = draft.value;
  const defaults = {
    steps: ranges.steps?.default ?? steps,
    sampler: ranges.sampler?.default ?? sampler,
    scheduler: ranges.scheduler?.default ?? scheduler,
  };
  const features = info.features ?? [];
  server.value = { ...info, features, models, controls, samplers, upscalers, ranges, drawing, defaults };
}

/** A picture that is dropped beside all places for pictures brings its settings, or becomes a unit's. */
function listen() {
  addEventListener('dragover', (event) => event.preventDefault());
  addEventListener('drop', (event) => {
    event.preventDefault();
    filesOf(event.dataTransfer).forEach(takeIn);
  });
  addEventListener('paste', (event) => {
    const [file] = filesOf(event.clipboardData);
    if (!file) {
      return;
    }
    const unit = draft.value.units.find(({ key }) => key === lastUnit.value);
    if (unit) {
      givePicture(unit.key, file);
    } else {
      takeIn(file);
    }
  });
}

async function begin() {
  const place = document.getElementById('app');
  // What was painted before this program came.
  place.replaceChildren();
  render(html`<${App} />`, place);
  try {
    await ask();
  } catch (refusal) {
    failure.value = refusal.code === 'offline' ? t('offline') : refusal.message;
    return;
  }
  follow();
  listen();
  await take(presets[0].name);
  watchHints();
  watchLive();
  await recall().catch(() => {});
}

begin();
