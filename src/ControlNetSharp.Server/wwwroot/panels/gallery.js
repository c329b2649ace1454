// All pictures of the store, newest first: found again after a restart.
import { api } from '../api.js';
import { forget, keep } from '../jobs.js';
import { liveGroup, passing } from '../live.js';
import { remove, sameSettings, takeIn } from '../making.js';
import { Button, FileButton } from '../parts/controls.js';
import { save } from '../parts/files.js';
import { jobs, notify, picturesOf, shown } from '../state.js';
import { t } from '../texts.js';
import { computed, html, signal, useEffect } from '../view.js';

const PAGE = 24;
const REST = 250;

const search = signal('');
const older = signal(null);
const ids = signal([]);
const chosen = signal(new Set());
const isChoosing = signal(false);

/** Quick pictures, this tab's or another's, come and go. */
const isToKeep = (job) => !job.group || ids.value.includes(job.id) || (job.group === liveGroup && !passing.has(job.id));

/** What was found in the store, and what was made since. */
const pictures = computed(() => {
  const wanted = search.value.trim().toLowerCase();
  const found = [...jobs.value.values()].filter(
    (job) =>
      job.kind === 'generation' &&
      picturesOf(job).length > 0 &&
      (job.state === 'done' || job.state === 'cancelled') &&
      job.title.toLowerCase().includes(wanted) &&
      isToKeep(job),
  );
  return found.sort((a, b) => (a.id < b.id ? 1 : -1));
});

async function look(before) {
  try {
    const told = await api.jobs({
      kind: 'generation',
      state: 'done,cancelled',
      limit: PAGE,
      ...(search.value && { search: search.value }),
      ...(before && { before }),
    });
    told.jobs.forEach(keep);
    ids.value = [...(before ? ids.value : []), ...told.jobs.map((job) => job.id)];
    older.value = told.next ?? null;
  } catch (refusal) {
    notify(refusal.message, true);
  }
}

function choose(id) {
  const next = new Set(chosen.value);
  if (!next.delete(id)) {
    next.add(id);
  }
  chosen.value = next;
}

const chosenJobs = () => pictures.value.filter((job) => chosen.value.has(job.id));

async function removeChosen() {
  for (const job of chosenJobs()) {
    await remove(job.id);
  }
  chosen.value = new Set();
}

function saveChosen() {
  for (const job of chosenJobs()) {
    picturesOf(job).forEach((file) => save(`${file.url}?download=1`, `${job.id}-${file.name}`));
  }
}

function Item({ job }) {
  const [file] = picturesOf(job);
  const isChosen = chosen.value.has(job.id);
  const open = () => {
    if (isChoosing.value) {
      choose(job.id);
      return;
    }
    shown.value = { id: job.id, index: 0 };
    document.querySelector('.result')?.scrollIntoView({ block: 'nearest' });
  };
  return html`
    <li class=${isChosen ? 'chosen' : ''}>
      <button
        type="button"
        aria-label=${job.title || t('picture')}
        aria-pressed=${isChoosing.value ? isChosen : shown.value.id === job.id}
        onClick=${open}
        onDblClick=${() => sameSettings(job.id)}
      >
        <img src=${file.url} alt="" loading="lazy" onError=${() => forget(job.id)} />
        ${picturesOf(job).length > 1 && html`<span class="count">${picturesOf(job).length}</span>`}
      </button>
    </li>
  `;
}

export function Gallery() {
  useEffect(() => {
    const timer = setTimeout(() => look(null), REST);
    return () => clearTimeout(timer);
  }, [search.value]);
  return html`
    <section class="gallery" aria-labelledby="gallery-title">
      <header>
        <h2 id="gallery-title">${t('gallery')}</h2>
        <input
          type="search"
          aria-label=${t('gallery.search')}
          placeholder=${t('gallery.search')}
          value=${search.value}
          onInput=${(event) => (search.value = event.currentTarget.value)}
        />
        <span class="tools">
          <${FileButton} icon="open" text=${t('gallery.open')} accept="image/png,image/jpeg,image/webp" onFile=${takeIn} />
          ${pictures.value.length > 0 &&
          html`<${Button}
            icon="done"
            text=${t('gallery.choose')}
            aria-pressed=${isChoosing.value}
            onClick=${() => {
              isChoosing.value = !isChoosing.value;
              chosen.value = new Set();
            }}
          />`}
          ${isChoosing.value &&
          html`
            <${Button} icon="download" text=${t('gallery.save', { n: chosen.value.size })} disabled=${chosen.value.size === 0} onClick=${saveChosen} />
            <${Button} icon="clear" text=${t('gallery.delete', { n: chosen.value.size })} disabled=${chosen.value.size === 0} onClick=${removeChosen} />
          `}
        </span>
      </header>
      ${pictures.value.length === 0 && html`<p class="quiet">${search.value ? t('gallery.nothing') : t('gallery.empty')}</p>`}
      <ul aria-label=${t('gallery')}>
        ${pictures.value.map((job) => html`<${Item} key=${job.id} job=${job} />`)}
      </ul>
      ${older.value && html`<${Button} icon="down" text=${t('gallery.more')} onClick=${() => look(older.value)} />`}
    </section>
  `;
}

