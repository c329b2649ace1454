// Files from the person and to the person.
import { api } from '../api.js';

/** Puts bytes or an address into the folder of downloads. */
export function save(what, name) {
  const url = what instanceof Blob ? URL.createObjectURL(what) : what;
  const link = Object.assign(document.createElement('a'), { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  if (what instanceof Blob) {
    setTimeout(() => URL.revokeObjectURL(url), 60000);
  }
}

/** A picture, key points or a depth map → the server: {sha256, width, height, mediaType}. */
export const send = async (file) => api.upload(file);

export const filesOf = (transfer) => [...(transfer?.files ?? [])];
