// People of 18 joints in OpenPose's order, each [x, y] as shares of the canvas or null: what a body keeps when a joint
// moves, poses to begin with, and OpenPose's JSON.

const NECK = 1;

/** The joint that each one hangs on. */
const parents = [1, null, 1, 2, 3, 1, 5, 6, 1, 8, 9, 1, 11, 12, 0, 0, 14, 15];

/** Each joint's twin on the other side. */
const twins = [0, 1, 5, 6, 7, 2, 3, 4, 11, 12, 13, 8, 9, 10, 15, 14, 17, 16];

const isBelow = (joint, root) => joint !== null && (joint === root || isBelow(parents[joint], root));

/**
 * A person with one joint at another place. To keep its proportions a limb only turns, and what hangs on it comes
 * along; the neck takes the whole body with it.
 */
export function withJoint(person, joint, to, { keepsProportions, aspect }) {
  const from = person[joint];
  if (!keepsProportions || !from) {
    return person.with(joint, to);
  }
  const shift = (dx, dy, root) =>
    person.map((point, i) => (point && isBelow(i, root) ? [point[0] + dx, point[1] + dy] : point));
  const pivot = parents[joint] === null ? null : person[parents[joint]];
  if (!pivot) {
    return shift(to[0] - from[0], to[1] - from[1], joint);
  }
  // Lengths are those of the picture, whose width and height differ.
  const arm = ([x, y]) => [(x - pivot[0]) * aspect, y - pivot[1]];
  const [old, wanted] = [arm(from), arm(to)];
  const turn = Math.atan2(wanted[1], wanted[0]) - Math.atan2(old[1], old[0]);
  const [sin, cos] = [Math.sin(turn), Math.cos(turn)];
  return person.map((point, i) => {
    if (!point || !isBelow(i, joint)) {
      return point;
    }
    const [x, y] = arm(point);
    return [pivot[0] + (x * cos - y * sin) / aspect, pivot[1] + x * sin + y * cos];
  });
}

/** The person as a mirror in its own neck shows it: left and right change places. */
export function mirrored(person) {
  const axis = person[NECK]?.[0] ?? 0.5;
  return twins.map((twin) => person[twin] && [2 * axis - person[twin][0], person[twin][1]]);
}

export const moved = (person, dx, dy) => person.map((point) => point && [point[0] + dx, point[1] + dy]);

// Each as x, y pairs of thousandths; a 0, 0 is a joint that is not seen.
const numbers = {
  standing: [
    500, 165, 500, 262, 432, 268, 402, 392, 392, 505, 568, 268, 598, 392, 608, 505, 456, 512, 450, 690, 446, 868, 544, 512,
    550, 690, 554, 868, 480, 148, 520, 148, 452, 162, 548, 162,
  ],
  waving: [
    500, 165, 500, 262, 432, 268, 352, 180, 330, 62, 568, 268, 602, 388, 596, 502, 456, 512, 450, 690, 446, 868, 544, 512,
    550, 690, 554, 868, 480, 148, 520, 148, 452, 162, 548, 162,
  ],
  walking: [
    564, 183, 509, 266, 478, 273, 422, 389, 395, 503, 536, 272, 589, 397, 676, 460, 485, 502, 561, 676, 622, 863, 528, 504,
    445, 659, 365, 801, 550, 163, 561, 171, 493, 171, 0, 0,
  ],
  sitting: [
    500, 225, 500, 322, 432, 330, 398, 452, 420, 560, 568, 330, 602, 452, 580, 560, 452, 580, 400, 640, 398, 850, 548, 580,
    600, 640, 602, 850, 480, 208, 520, 208, 452, 222, 548, 222,
  ],
  reaching: [
    500, 205, 500, 300, 432, 300, 378, 190, 350, 78, 568, 300, 622, 190, 650, 78, 456, 540, 440, 710, 430, 880, 544, 540,
    560, 710, 570, 880, 480, 188, 520, 188, 452, 200, 548, 200,
  ],
};

/** Poses to begin with, by name. */
export const poses = Object.fromEntries(
  Object.entries(numbers).map(([name, list]) => [
    name,
    parents.map((_, i) => (list[2 * i] === 0 && list[2 * i + 1] === 0 ? null : [list[2 * i] / 1000, list[2 * i + 1] / 1000])),
  ]),
);

/** OpenPose's JSON, in pixels of the canvas. */
export const poseJson = ({ people }, { width, height }) => ({
  people: people.map((person) => ({
    pose_keypoints_2d: person.flatMap((point) => (point ? [point[0] * width, point[1] * height, 1] : [0, 0, 0])),
  })),
  canvas_width: width,
  canvas_height: height,
});

/** The people of OpenPose's JSON; shares where no number is above 2, as the server reads it. */
export function peopleOf(json) {
  const pose = Array.isArray(json) ? json[0] : json;
  return pose.people.map(({ pose_keypoints_2d: list }) => {
    const isShare = list.every((number) => number <= 2);
    const [width, height] = isShare ? [1, 1] : [pose.canvas_width, pose.canvas_height];
    return parents.map((_, i) => (list[3 * i + 2] > 0 ? [list[3 * i] / width, list[3 * i + 1] / height] : null));
  });
}
