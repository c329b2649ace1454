// Ready examples in which the embedded model is at its best; the pictures beside this file are loaded when chosen.
const here = (name) => new URL(name, import.meta.url).pathname;

const all = [
  {
    name: 'colouring',
    request: {
      prompt: 'a cartoon of a yellow house with a blue roof and red trees on green grass, by day',
      seed: 1,
    },
    units: [{ kind: 'lineart', drawing: here('house.png') }],
  },
  {
    name: 'room',
    request: { prompt: 'a blue sofa, a big window and a yellow lamp in a room with white walls', seed: 1 },
    units: [{ kind: 'scribble', drawing: here('room.png') }],
  },
  {
    name: 'character',
    request: { prompt: 'a man in a red shirt walking on green grass', seed: 1 },
    units: [{ kind: 'pose', pose: 'walking' }],
  },
  {
    name: 'layout',
    request: { prompt: 'a photo of a white house with a red roof and trees on green grass, in daylight', seed: 3 },
    units: [{ kind: 'segmentation', classes: here('layout.png') }],
  },
  {
    name: 'normal',
    request: { prompt: 'a blue teapot on a wooden table', seed: 1 },
    units: [{ kind: 'normal', picture: here('normal.png'), isHint: true }],
  },
  {
    name: 'depth',
    request: { prompt: 'a photo of a green bird sitting on a branch, by day', seed: 2 },
    units: [{ kind: 'depth', picture: here('bird.png'), isHint: true }],
  },
  {
    name: 'cartoon',
    request: { prompt: 'a cartoon of the head of a brown dog, by day', seed: 1 },
    units: [{ kind: 'lineart', picture: here('dog.png'), isHint: true }],
  },
  {
    name: 'photograph',
    request: { prompt: 'a white sailing boat with a red sail at sea, sunset', seed: 1 },
    units: [{ kind: 'canny', picture: here('boat.jpg') }],
  },
];

export const presets = all.map((preset) => ({ ...preset, thumb: here(`${preset.name}.jpg`) }));
