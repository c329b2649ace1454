#!/usr/bin/env bash
# Makes every picture of README.md and docs with the embedded model, after `dotnet build -c Release`. Nothing is chosen afterwards unless it is said: each sheet shows seed 1 and those that follow, in order.
set -euo pipefail
cd "$(dirname "$0")/../.."
controlnet=src/ControlNetSharp.Cli/bin/Release/net10.0/controlnet
contact_sheet=tools/ContactSheet/bin/Release/net10.0/contact-sheet
walking=samples/WalkingCharacter/bin/Release/net10.0/WalkingCharacter
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p docs/results/kinds docs/results/photographs

made=0
pictures=()
add() { # PROMPT UNIT COUNT: adds the pictures of the seeds 1 to COUNT to the sheet that is under way
  made=$((made + 1))
  "$controlnet" generate -p "$1" -c "$2" --seed 1 --count "$3" -o "$work/$made.png"
  pictures+=("$work/$made"-[0-9]*.png)
}
finish() { # SHEET COLUMNS
  "$contact_sheet" "$1" "$2" "${pictures[@]}"
  pictures=()
}

# README.md: what its command gives. The seed was chosen among 1 to 6.
"$controlnet" generate -p "a cartoon of a yellow house with a blue roof and red trees on green grass, by day" -c lineart=docs/uses/house.png --seed 6 -o docs/results/house.png --save-maps --overwrite
mv docs/results/house-map0-lineart.png docs/results/house-lineart.png
"$controlnet" generate -p "a cartoon of a yellow house with a blue roof and red trees on green grass, by day <lora:pocket_4steps:1>" -c lineart=docs/uses/house.png --sampler Euler --scheduler trailing --steps 4 --cfg 1 --seed 2 -o docs/results/house-4steps.png --overwrite

# docs/generate.md: the same from a photograph.
"$controlnet" generate -p "a blue cup on a wooden table" -c canny=docs/pictures/coffee.png --seed 7 -o docs/results/coffee-blue.png --save-maps --overwrite
mv docs/results/coffee-blue-map0-canny.png docs/results/coffee-canny.png

# README.md: for each condition kind the hint and the caption of a scene that nothing was trained on, and the seeds 1 to 8. Scenes were taken for what their hints show, before any result was seen.
for kind_and_scene in canny:13 hough:6 hed:20 scribble:2 pose:14 segmentation:16 normal:7 depth:9 lineart:12; do
  kind=${kind_and_scene%:*} scene=${kind_and_scene#*:}
  "$controlnet" dataset make "$work/$kind" --condition "$kind" --scenes 1 --seed $((1500000 + scene))
  prompt=$(sed -E 's/.*"prompt":"([^"]*)".*/\1/' "$work/$kind/prompt.json")
  echo "$prompt" >"docs/results/kinds/$kind.txt"
  cp "$work/$kind/source/0.png" "docs/results/kinds/$kind-hint.png"
  add "$prompt" "$kind=docs/results/kinds/$kind-hint.png,annotator=none" 8
  finish "docs/results/kinds/$kind.jpg" 4
done

# Photographs, which the embedded model never saw, as they come out: the annotator's hint and the seeds 1 to 3.
for photograph in coffee astronaut; do
  for kind in canny hough hed scribble pose segmentation normal depth lineart; do
    [[ $photograph-$kind == coffee-pose ]] && continue # nobody is in it
    "$controlnet" generate -p "$(cat "docs/pictures/$photograph.txt")" -c "$kind=docs/pictures/$photograph.png" --seed 1 --count 3 -o "$work/$photograph-$kind.png" --save-maps
    "$contact_sheet" "docs/results/photographs/$photograph-$kind.jpg" 4 "$work/$photograph-$kind-map0-$kind.png" "$work/$photograph-$kind"-000?.png
  done
done

# docs/conditions.md.
bash docs/results/conditions.sh

# docs/controls.md.
bash docs/results/controls.sh

# docs/uses.md: a row for each prompt, the seeds 1 to 4 side by side.
uses=docs/uses
room="a blue sofa, a big window and a yellow lamp in a room with white walls"
add "$room" "scribble=$uses/room.png,annotator=scribble_drawing" 4
finish "$uses/room-scribble.jpg" 4
"$controlnet" annotate hough "$uses/room.png" --resolution 256 --option threshold=20 --option length=12 --option gap=3 -o "$uses/room-lines.png" --overwrite
add "$room" "hough=$uses/room-lines.png,annotator=none" 4
finish "$uses/room-hough.jpg" 4

add "a photo of a yellow house with a red roof and trees in the hills" "lineart=$uses/house.png,annotator=invert" 4
add "a cartoon of a blue house with a brown roof and trees on green grass" "lineart=$uses/house.png,annotator=invert" 4
add "a pastel drawing of a pink house with a teal roof and trees at sunset" "lineart=$uses/house.png,annotator=invert" 4
finish "$uses/house.jpg" 4

"$walking" "$uses/walking" "a man in a red shirt walking on green grass" 1

house="a white house with a red roof and trees on green grass"
add "a photo of $house, in daylight" "segmentation=$uses/layout.png,annotator=none" 4
add "a photo of $house at night" "segmentation=$uses/layout.png,annotator=none" 4
add "a photo of a white house with a red roof and trees in the snow" "segmentation=$uses/layout.png,annotator=none" 4
finish "$uses/layout.jpg" 4

add "a photo of a brown dog sitting on a red rug" "depth=$uses/dog-depth.png,annotator=none" 4
add "a cartoon of a brown dog sitting on a red rug" "depth=$uses/dog-depth.png,annotator=none" 4
add "a pencil sketch of a dog sitting on a rug" "depth=$uses/dog-depth.png,annotator=none" 4
finish "$uses/dog.jpg" 4
