// All words of the page come from one file for each language.
import { computed, signal } from './view.js';
import { de } from './texts/de.js';
import { en } from './texts/en.js';

const languages = { en, de };
const wanted = localStorage.getItem('language') ?? navigator.language.slice(0, 2);

export const language = signal(languages[wanted] ? wanted : 'en');
const words = computed(() => languages[language.value]);

export function chooseLanguage(code) {
  localStorage.setItem('language', code);
  language.value = code;
}

/** The text of a key; `{name}` in it is replaced by the value of that name. */
export function t(key, values = {}) {
  const text = words.value[key] ?? en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
}

/** A word of the server (a kind, an annotator's option), in the page's language where it has one. */
export const word = (group, name) => words.value[`${group}.${name}`] ?? en[`${group}.${name}`] ?? name.replaceAll('_', ' ');

export const seconds = (value) =>
  value >= 90 ? t('minutes', { n: Math.round(value / 60) }) : t('seconds', { n: value < 10 ? value.toFixed(1) : Math.round(value) });
