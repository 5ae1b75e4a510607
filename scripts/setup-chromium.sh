#!/bin/sh
# Makes sure that there is a Chromium for the browser tests. Called by ./weft test. WEFT_CHROMIUM names another one.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
# shellcheck source=scripts/system.sh
. "$here/system.sh"

for browser in "${WEFT_CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
  if [ -n "$browser" ] && command -v "$browser" >/dev/null; then exit 0; fi
done
case $(uname -s) in Linux) ;; *) exit 0 ;; esac # The browser tests look for Chrome in the places of macOS themselves.

remedy='install it as root (Debian: apt-get install chromium), or name a Chrome or Chromium in WEFT_CHROMIUM, then try again'
if no_install; then
  say "the browser tests need Chromium, and nothing may be installed (--no-install); $remedy"
elif [ "$ID" != debian ] || ! has_apt; then
  say "the browser tests need Chromium, which is not on this machine; $remedy"
elif ! as_root >/dev/null; then
  say "the browser tests need Chromium, and this account may not install it; $remedy"
else
  say "installing Chromium for the browser tests with apt"
  if apt_as_root install --no-install-recommends chromium; then exit 0; fi
  apt_as_root update || true
  if apt_as_root install --no-install-recommends chromium; then exit 0; fi
  say "apt could not install Chromium (see above); check the network, then try again"
fi
exit 1
