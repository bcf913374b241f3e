#!/usr/bin/env bash
# Runs the final stage of deploy/Dockerfile without a container engine: its files, its environment and its command, as
# PID 1 and user 65532 without rights, on a read-only root with nothing but /tmp to write to. Needs bubblewrap and npm.
#
#   run-like-the-image.sh LAYOUT [-e NAME=VALUE]... [-v SOURCE:TARGET[:rw]]... [-- ARGUMENT...]
#
# LAYOUT is a folder that the image's files are put in; one that exists is used as it is. ARGUMENTs replace the image's
# command, as they do for `docker run`. The exit code is that of the command. RUNTIME_NODE is the Node that it runs on, by
# default the one on the PATH: for what the image does, it should be of the image's version.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
readonly repository
readonly nonroot=65532

usage() {
  sed -n '5s/^# *//p' "${BASH_SOURCE[0]}" >&2
  exit 2
}

# The stages `dependencies` and `build`.
assemble() {
  local layout=$1
  draft="$layout.draft.$$"
  trap 'rm -rf "$draft"' EXIT
  mkdir -p "$draft"
  cp "$repository"/{package.json,package-lock.json,.npmrc} "$draft"
  local commands
  commands=$(of_dockerfile RUN dependencies)
  (cd "$draft" && bash -euc "$commands") >&2
  rm "$draft"/{package-lock.json,.npmrc}
  cp "$repository/package.json" "$draft"
  cp -r "$repository/schemas" "$draft"
  (cd "$repository" && npx --no-install tsc -p .config/tsconfig.build.json --outDir "$draft/dist" --incremental false \
    --tsBuildInfoFile null) >&2
  chmod -R a+rX "$draft"
  mv "$draft" "$layout"
}

# What a stage says, the final one by default: ENV as NAME=VALUE lines, CMD with an argument a line, RUN with a command a
# line.
of_dockerfile() {
  node - "$repository/deploy/Dockerfile" "$1" "${2-final}" <<'EOF'
const [file, keyword, stage] = process.argv.slice(2);
const lines = require('node:fs').readFileSync(file, 'utf8').replace(/\\\n\s*/g, '').split('\n');
const rest = lines.slice(lines.findIndex((line) => line.startsWith('FROM ') && line.endsWith(` AS ${stage}`)) + 1);
const next = rest.findIndex((line) => line.startsWith('FROM '));
const said = rest
  .slice(0, next < 0 ? undefined : next)
  .filter((line) => line.startsWith(`${keyword} `))
  .map((line) => line.slice(keyword.length + 1));
const words = {
  CMD: (text) => JSON.parse(text),
  ENV: (text) => text.match(/\w+=("[^"]*"|\S+)/g).map((word) => word.replaceAll('"', '')),
  RUN: (text) => [text],
};
console.log(said.flatMap(words[keyword]).join('\n'));
EOF
}

[[ $# -ge 1 && $1 != -* ]] || usage
layout=$(realpath -m "$1")
shift

environment=()
mounts=()
while [[ $# -gt 0 ]]; do
  case $1 in
    -e)
      [[ ${2-} == *=* ]] || usage
      environment+=(--setenv "${2%%=*}" "${2#*=}")
      shift 2
      ;;
    -v)
      IFS=: read -r source target mode <<<"${2-}"
      [[ -n $source && -n $target ]] || usage
      [[ ${mode-} == rw ]] && mounts+=(--bind "$source" "$target") || mounts+=(--ro-bind "$source" "$target")
      shift 2
      ;;
    --)
      shift
      break
      ;;
    *) usage ;;
  esac
done
command=("$@")

[[ -e $layout ]] || assemble "$layout"
[[ ${#command[@]} -gt 0 ]] || mapfile -t command < <(of_dockerfile CMD)
while IFS='=' read -r name value; do
  [[ $value == *\$* ]] || environment=(--setenv "$name" "$value" "${environment[@]}")
done < <(of_dockerfile ENV)

# Root would keep its way to every file of root's through a user namespace: give it up before, not inside.
become=()
[[ $(id -u) -ne 0 ]] || become=(setpriv --reuid "$nonroot" --regid "$nonroot" --clear-groups --no-new-privs)

system=()
for path in /lib /lib64 /usr/lib /usr/share/zoneinfo /etc/ssl /etc/resolv.conf /etc/hosts /etc/nsswitch.conf; do
  system+=(--ro-bind-try "$path" "$path")
done

exec "${become[@]}" bwrap \
  --unshare-all --share-net --die-with-parent --new-session --as-pid-1 \
  --uid "$nonroot" --gid "$nonroot" --cap-drop ALL \
  "${system[@]}" \
  --ro-bind "${RUNTIME_NODE:-$(node -p process.execPath)}" /nodejs/bin/node \
  --ro-bind "$layout" /app \
  "${mounts[@]}" \
  --proc /proc --dev /dev --tmpfs /tmp --remount-ro / \
  --clearenv --setenv PATH /nodejs/bin --setenv HOME /tmp "${environment[@]}" \
  --chdir /app \
  -- /nodejs/bin/node "${command[@]}"
