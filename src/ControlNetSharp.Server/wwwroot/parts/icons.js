// Line icons of 20 × 20, drawn for this page.
import { html } from '../view.js';

const paths = {
  pen: 'M4 16l1-4 8.5-8.5 3 3L8 15l-4 1zM12 5l3 3',
  line: 'M4 16L16 4',
  eraser: 'M7 16h9M4.5 12.5l7-8 5 4.5-6 7H7z',
  fill: 'M4 10l6-6 6 6-6 6zM4 10h12M17 13v3',
  undo: 'M7 5L3.5 8.5 7 12M4 8.5h8a4 4 0 010 8H9',
  redo: 'M13 5l3.5 3.5L13 12M16 8.5H8a4 4 0 000 8h3',
  clear: 'M4 6h12M8 6V4h4v2M5.5 6l.8 10.5h7.4L14.5 6',
  open: 'M10 13V4M6.5 7.5L10 4l3.5 3.5M4 13v3.5h12V13',
  camera: 'M3.5 6.5h3L8 4.5h4l1.5 2h3v9h-13zM10 13.5a2.7 2.7 0 100-5.4 2.7 2.7 0 000 5.4',
  download: 'M10 4v9M6.5 9.5L10 13l3.5-3.5M4 13v3.5h12V13',
  close: 'M5 5l10 10M15 5L5 15',
  up: 'M10 16V4M5 9l5-5 5 5',
  down: 'M10 4v12M5 11l5 5 5-5',
  copy: 'M7.5 7.5h9v9h-9zM12.5 7V3.5h-9v9H7',
  dice: 'M4 4h12v12H4zM7.5 7.5h.01M12.5 12.5h.01M12.5 7.5h.01M7.5 12.5h.01',
  keep: 'M6 9V7a4 4 0 018 0v2M5 9h10v7H5z',
  loose: 'M6 9V7a4 4 0 017.5-2M5 9h10v7H5z',
  plus: 'M10 4v12M4 10h12',
  compare: 'M10 3v14M4 5h4M4 15h4V5H4zM12 5h4v10h-4',
  again: 'M15.5 8A6 6 0 105 14M16 4v4h-4',
  hint: 'M4 4h12v12H4zM4 13l4-4 3 3 2-2 3 3',
  vary: 'M4 4h5v5H4zM11 4h5v5h-5zM4 11h5v5H4zM11 11h5v5h-5z',
  inpaint: 'M4 4h12v12H4zM8 8h4v4H8z',
  larger: 'M4 9V4h5M16 11v5h-5M4 4l12 12',
  mask: 'M4 4h12v12H4zM10 4v12M10 10h6',
  person: 'M10 7a2 2 0 100-4 2 2 0 000 4zM10 7v6M6 9h8M10 13l-3 4.5M10 13l3 4.5',
  flip: 'M10 3v14M7.5 6L3.5 14h4zM12.5 6l4 8h-4z',
  light:
    'M10 13a3 3 0 100-6 3 3 0 000 6zM10 2.5v2M10 15.5v2M2.5 10h2M15.5 10h2M4.7 4.7l1.4 1.4M13.9 13.9l1.4 1.4M15.3 4.7l-1.4 1.4M6.1 13.9l-1.4 1.4',
  dark: 'M15.5 12A6.5 6.5 0 018 4.5a6.5 6.5 0 107.5 7.5z',
  auto: 'M10 3.5a6.5 6.5 0 100 13zM10 3.5a6.5 6.5 0 010 13',
  done: 'M4 10.5l4 4 8-9',
  stop: 'M5.5 5.5h9v9h-9z',
  spark: 'M10 3l1.7 5.3L17 10l-5.3 1.7L10 17l-1.7-5.3L3 10l5.3-1.7z',
};

export const Icon = ({ name }) => html`
  <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false"><path d=${paths[name]} /></svg>
`;
