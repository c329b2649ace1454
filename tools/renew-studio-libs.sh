#!/usr/bin/env bash
# Renews src/ControlNetSharp.Server/wwwroot/lib: the page's libraries from npm, one module each, with their licences.
# The page has no build step and, under its content policy, no import map: imports by name become relative here.
set -euo pipefail
cd "$(dirname "$0")/../src/ControlNetSharp.Server/wwwroot"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# name, version, file in the package, name here
take() {
  local folder="$work/${1//\//-}"
  if [ ! -d "$folder" ]; then
    mkdir "$folder"
    (cd "$folder" && npm pack --silent "$1@$2" >archive && tar xzf "$(cat archive)")
    cp "$folder"/package/LICENSE* "lib/$(basename "${4%%.*}").LICENSE"
  fi
  sed -E \
    -e 's#from ?"preact"#from"./preact.mjs"#g' \
    -e 's#from ?"preact/hooks"#from"./preact-hooks.mjs"#g' \
    -e 's#from ?"@preact/signals-core"#from"./signals-core.mjs"#g' \
    -e '/^\/\/# sourceMappingURL/d' \
    "$folder/package/$3" >"lib/$4"
  echo "lib/$4  $1 $2"
}

rm -rf lib
mkdir lib
take preact 11.2.0 dist/preact.mjs preact.mjs
take preact 11.2.0 hooks/dist/hooks.mjs preact-hooks.mjs
take htm 3.1.1 dist/htm.mjs htm.mjs
take @preact/signals-core 1.14.5 dist/signals-core.mjs signals-core.mjs
take @preact/signals 2.11.4 dist/signals.mjs signals.mjs
take perfect-freehand 1.2.3 dist/esm/index.mjs perfect-freehand.mjs
take nouislider 15.8.1 dist/nouislider.min.mjs nouislider.mjs
take nouislider 15.8.1 dist/nouislider.min.css nouislider.css
