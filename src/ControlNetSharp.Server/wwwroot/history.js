// A document with its past: everything that is drawn can be undone. All values are immutable.

const MOST = 100;

export const begin = (doc) => ({ doc, past: [], future: [] });

export const edit = (history, doc) => ({ doc, past: [...history.past, history.doc].slice(-MOST), future: [] });

/** Replaces the document without a step of its own: while a pen moves, or a joint is dragged. */
export const refine = (history, doc) => ({ ...history, doc });

export const undo = ({ doc, past, future }) => ({ doc: past.at(-1), past: past.slice(0, -1), future: [doc, ...future] });

export const redo = ({ doc, past, future }) => ({ doc: future[0], past: [...past, doc], future: future.slice(1) });
