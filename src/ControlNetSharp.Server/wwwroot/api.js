// The only place that speaks with the server.

/** What the server refused: its words, and the member of the request that caused it. */
export class Refusal extends Error {
  constructor(problem, status) {
    super(problem.detail ?? problem.title ?? `HTTP ${status}`);
    this.code = problem.code;
    this.member = problem.member;
    this.status = status;
  }
}

async function call(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Refusal({ code: 'offline' }, 0);
  }
  if (!response.ok) {
    const problem = await response.json().catch(() => ({}));
    throw new Refusal(problem, response.status);
  }
  return response;
}

const get = async (path) => (await call(path)).json();

const post = (path, body, headers = { 'Content-Type': 'application/json' }) =>
  call(path, { method: 'POST', headers, body: body instanceof Blob ? body : JSON.stringify(body) });

const json = async (response) => (await response).json();

export const api = {
  server: () => get('/v1/server'),
  models: async () => (await get('/v1/models')).data,
  controls: () => get('/v1/controls'),
  samplers: () => get('/v1/samplers'),
  upscalers: () => get('/v1/upscalers'),
  ranges: () => get('/v1/ranges'),
  drawing: () => get('/v1/drawing'),

  jobs: (query) => get(`/v1/jobs?${new URLSearchParams(query)}`),
  job: (id) => get(`/v1/jobs/${id}`),
  request: (id) => get(`/v1/jobs/${id}/request`),
  cancel: (id) => post(`/v1/jobs/${id}/cancel`, {}),
  remove: (id) => call(`/v1/jobs/${id}`, { method: 'DELETE' }),
  events: () => new EventSource('/v1/events'),

  generate: (request, group) => json(post(`/v1/generations${group ? `?group=${group}` : ''}`, request)),
  annotate: (unit, group) => json(post(`/v1/annotations?group=${group}`, unit)),
  datasets: () => get('/v1/datasets'),
  planTraining: (training) => json(post('/v1/trainings/plan', training)),
  train: (training) => json(post('/v1/trainings', training)),
  evaluate: (evaluation) => json(post('/v1/evaluations', evaluation)),

  upload: (blob) => json(post('/v1/uploads', blob, { 'Content-Type': blob.type || 'application/octet-stream' })),
  uploadUrl: (sha256) => `/v1/uploads/${sha256}`,
  read: (blob) => json(post('/v1/read', blob, { 'Content-Type': blob.type || 'application/octet-stream' })),

  /** The bytes behind an address of this server. */
  bytes: async (url) => (await call(url)).blob(),
};
