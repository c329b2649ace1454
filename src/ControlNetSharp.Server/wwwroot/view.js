// What every panel needs of the libraries, in one place.
import { h, render } from './lib/preact.mjs';
import { useEffect, useLayoutEffect, useMemo, useRef } from './lib/preact-hooks.mjs';
import { batch, computed, effect, signal, useComputed, useSignal, useSignalEffect } from './lib/signals.mjs';
import htm from './lib/htm.mjs';

const html = htm.bind(h);

export {
  batch,
  computed,
  effect,
  html,
  render,
  signal,
  useComputed,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useSignal,
  useSignalEffect,
};
