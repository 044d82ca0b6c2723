# Sourced by the scripts beside it, which run in the root of the checkout.
# shellcheck shell=bash

venv_python=${VENV_PYTHON:-.venv/bin/python}

# The engine as the harness sees it: over the API, with no need of the docker command.
docker_api() { "$venv_python" .ci/docker_api.py "$@"; }

need_python() {
  [[ -x $venv_python ]] || fail "the virtual environment" "no $venv_python" "make engine, or make base-image"
}

say() { printf '%s\n' "$*" >&2; }

# fail WANTED FOUND TODO
fail() {
  printf 'wanted: %s\nfound:  %s\ndo:     %s\n' "$@" >&2
  exit 1
}

can_install() { [[ $EUID -eq 0 ]] && command -v apt-get >/dev/null; }

# Quiet unless it fails; then apt's last lines.
apt_install() {
  local log apt=(apt-get -q -y -o DPkg::Lock::Timeout=300)
  log=$(mktemp)
  # One unreachable source of many fails the update; whether it mattered, the install tells.
  DEBIAN_FRONTEND=noninteractive "${apt[@]}" update >"$log" 2>&1 </dev/null || true
  if DEBIAN_FRONTEND=noninteractive "${apt[@]}" install --no-install-recommends "$@" \
    >>"$log" 2>&1 </dev/null; then
    rm -f "$log"
  else
    tail -n 15 "$log" >&2
    rm -f "$log"
    return 1
  fi
}
