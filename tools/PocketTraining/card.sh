#!/usr/bin/env bash
# What helps the embedded model most on a graphics card in the given minutes, from the packed weights on: UNet and text
# encoder in large batches, the ControlNet of all kinds on the new UNet, then kinds for themselves with a reward; then
# the scoreboard. Programs are those of a Release build. The weights in the tree stay as they are.
#
#   tools/PocketTraining/card.sh MINUTES
#
# In the environment, all optional:
#   OUT            where weights, curves and scoreboard go                         out/card
#   CARD_WORK      caches, checkpoints and programs with the new weights           out/card-work
#   CARD_DEVICE    cuda:N, or cpu for a trial                                      cuda:0
#   CARD_PICTURES  scenes for the UNet                                             16384
#   CARD_BATCH     its batch                                                       512
#   CARD_EXAMPLES  examples of all kinds for the ControlNets                       12600
#   CARD_CONTROL_BATCH                                                             128
#   CARD_KINDS     kinds with a reward, the first ones first                       lineart segmentation hough canny
#   CARD_REWARD    its weight                                                      0.5
#   CARD_SCENES    scenes of the scoreboard                                        64
set -euo pipefail
# Jobs are groups of their own, so that one can be interrupted as by Ctrl-C.
set -m
minutes=${1:?minutes}
cd "$(dirname "$0")/../.."
out=$(realpath -m "${OUT:-out/card}")
work=$(realpath -m "${CARD_WORK:-out/card-work}")
device=${CARD_DEVICE:-cuda:0}
kinds=${CARD_KINDS:-lineart segmentation hough canny}
every="canny hough hed scribble pose segmentation normal depth lineart"
deadline=$((SECONDS + minutes * 60))
# Of the time: the UNet has a third, the ControlNet of all kinds a quarter, and a fifth is for the scoreboard.
unet_seconds=$((minutes * 60 / 3))
mixed_seconds=$((minutes * 60 / 4))
board_seconds=$((minutes * 60 / 5))

if [[ $device == cuda* && -z ${CONTROLNETSHARP_LIBTORCH:-} ]]; then
    CONTROLNETSHARP_LIBTORCH=$(python3 -c 'import os, torch; print(os.path.join(os.path.dirname(torch.__file__), "lib"))')
    export CONTROLNETSHARP_LIBTORCH
fi

mkdir -p "$out" "$work"
say() { echo "$(date +%T), $((deadline - SECONDS)) s left: $*" | tee -a "$out/card.log" >&2; }

# A program with weights of its own, beside it, where it looks for them.
rm -rf "$work/bin"
cp -rl src/ControlNetSharp.Cli/bin/Release/net10.0 "$work/bin" 2> /dev/null \
    || cp -r src/ControlNetSharp.Cli/bin/Release/net10.0 "$work/bin"
rm -rf "$work/bin/pocket" "$work/weights"
cp -r src/ControlNetSharp.Pocket/weights "$work/weights"
cp -r "$work/weights" "$work/bin/pocket"
controlnet() { dotnet "$work/bin/controlnet.dll" "$@"; }
pocket() { dotnet tools/PocketTraining/bin/Release/net10.0/pocket-training.dll "$@"; }
use_new_weights() { cp -r "$work/weights/." "$work/bin/pocket/"; }

# The newest speed that a training has written down: steps a second, and steps.
rate_of() { sed -n 's/.*"stepsPerSecond":\([0-9.eE+-]*\).*"step":\([0-9]*\).*/\1 \2/p' "$1/metrics.jsonl" 2> /dev/null | tail -1; }

# paced SECONDS FOLDER STEPS RESUME COMMAND...: trains for about so many seconds. Nobody knows beforehand how many steps
# that is, and how the rate falls depends on it: so the training begins with more than it can do, is stopped when its
# speed is known, and goes on with as many as there is time for. STEPS and RESUME are the command's options.
paced() {
    local end=$((SECONDS + $1)) folder=$2 steps=$3 resume=$4 known pid
    shift 4
    rm -rf "$folder"
    "$@" "$steps" 1000000 >> "$out/card.log" 2>&1 &
    pid=$!
    until known=$(rate_of "$folder"); [[ -n $known ]] || ! kill -0 $pid 2> /dev/null || ((SECONDS > end)); do sleep 1; done
    # Both programs write a checkpoint and end.
    kill -INT -- -$pid 2> /dev/null || true
    wait $pid || true
    if [[ -z $known ]]; then
        say "$folder: not a line of metrics in its time; it stays as it is"
        return 1
    fi

    known=$(rate_of "$folder")
    local left=$((end - SECONDS)) total
    # Some of the time goes for starting, the samples at the end and writing.
    total=$(awk -v known="$known" -v left="$left" 'BEGIN { split(known, k, " "); printf "%d", k[2] + 1 + (left > 0 ? 0.85 * left * k[1] : 0) }')
    say "$folder: ${known% *} steps a second, $total steps in all"
    # shellcheck disable=SC2086
    "$@" "$steps" "$total" $resume >> "$out/card.log" 2>&1
}

say "examples of all kinds are drawn beside the UNet's training"
rm -rf "$work/mixed"
controlnet dataset make "$work/mixed" --condition all --varied --scenes "${CARD_EXAMPLES:-12600}" --seed 2050000 >> "$out/card.log" 2>&1 &
drawing=$!

say "UNet and text encoder"
if paced "$unet_seconds" "$work/runs/unet" --steps "" pocket unet --runs "$work/runs" --weights "$work/weights" \
    --pictures "${CARD_PICTURES:-16384}" --from-weights --rate 1e-3 --batch "${CARD_BATCH:-512}" --device "$device"; then
    pocket pack --runs "$work/runs" --weights "$work/weights" >> "$out/card.log" 2>&1
    use_new_weights
fi

say "the ControlNet of all kinds"
wait $drawing
pocket unpack lineart --to "$work/start" --weights "$work/weights"
common=(--optimizer muon --snr_gamma 5 --adam_beta2 0.99 --cache_dir "$work/cache" --save_dtype bf16 --device "$device"
    --train_batch_size "${CARD_CONTROL_BATCH:-128}" --validation_steps 1000000 --num_validation_images 2)
start=$work/start/controlnet_lineart.safetensors
if paced "$mixed_seconds" "$work/mixed-control" --max_train_steps --resume controlnet train --data "$work/mixed" \
    --condition mixed --out "$work/mixed-control" "${common[@]}" --controlnet_model_name_or_path "$start" \
    --learning_rate 1.5e-3 --lr_scheduler plateau --lr_warmup_steps 50 --ema_decay 0.997; then
    start=$work/mixed-control/controlnet_mixed.safetensors
    mkdir -p "$work/packed"
    for kind in $every; do
        cp "$start" "$work/packed/controlnet_$kind.safetensors"
        pocket controls "$work/packed/controlnet_$kind.safetensors" --weights "$work/weights" >> "$out/card.log" 2>&1
    done
    use_new_weights
fi

# The rows of one kind of the mixed examples, whose pictures and encoded files are shared.
of_kind() {
    mkdir -p "$work/data/$1"
    grep "\"condition\":\"$1\"" "$work/mixed/prompt.json" > "$work/data/$1/prompt.json"
    ln -sfn ../../mixed/source "$work/data/$1/source"
    ln -sfn ../../mixed/target "$work/data/$1/target"
}

mkdir -p "$work/special"
# shellcheck disable=SC2086
set -- $kinds
trained=""
while (($# > 0)) && ((deadline - SECONDS > board_seconds)); do
    kind=$1
    share=$(((deadline - SECONDS - board_seconds) / $#))
    shift
    say "$kind with a reward, $share s"
    of_kind "$kind"
    if paced "$share" "$work/special/$kind" --max_train_steps --resume controlnet train --data "$work/data/$kind" \
        --condition "$kind" --out "$work/special/$kind" "${common[@]}" --controlnet_model_name_or_path "$start" \
        --learning_rate 7e-4 --lr_scheduler linear --ema_decay 0.98 --reward "${CARD_REWARD:-0.5}"; then
        pocket controls "$work/special/$kind/controlnet_$kind.safetensors" --weights "$work/weights" >> "$out/card.log" 2>&1
        trained="$trained $kind"
    fi
done
use_new_weights

say "the scoreboard"
left=$((deadline - SECONDS))
timeout -s INT $((left > 30 ? left : 30)) dotnet "$work/bin/controlnet.dll" evaluate --pictures "${CARD_SCENES:-64}" \
    --device "$device" --json > "$out/scoreboard.json" 2>> "$out/card.log" || say "the scoreboard was not finished"

# What is new: the model, the kinds that were trained for themselves, and for all others the one of all kinds.
say "new files go to $out"
mkdir -p "$work/new/model" "$work/curves"
cp "$work/weights/model/unet.safetensors" "$work/weights/model/text_encoder.safetensors" "$work/new/model/"
for kind in $trained; do cp "$work/weights/controlnet_$kind.safetensors" "$work/new/"; done
if [[ -f $work/mixed-control/controlnet_mixed.safetensors ]]; then
    controlnet models convert "$work/mixed-control/controlnet_mixed.safetensors" "$work/new/controlnet_mixed.safetensors" \
        --dtype fp8 --overwrite >> "$out/card.log" 2>&1
fi
for folder in "$work/runs/unet" "$work/mixed-control" "$work"/special/*; do
    [[ -f $folder/metrics.jsonl ]] && cp "$folder/metrics.jsonl" "$work/curves/$(basename "$folder").jsonl"
done
tar -C "$work" -czf "$out/curves.tar.gz" curves
# In pieces, since some ways back take no large files: cat weights.tar.* | tar -x
rm -f "$out"/weights.tar.*
tar -C "$work/new" -cf - . | split -b 15m - "$out/weights.tar."
say "done"
