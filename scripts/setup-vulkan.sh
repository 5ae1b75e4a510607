#!/bin/sh
# Makes sure that Dawn finds a WebGPU adapter on Linux. Called by ./weft, with the path of node.
#   Prints "system" when it does as things are (a GPU, or a driver installed by now), "private" when it does with the
#   driver in $WEFT_PRIVATE_VULKAN, whose file "environment" the caller must then read. Else says why and exits 1.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
# shellcheck source=scripts/system.sh
. "$here/system.sh"
node=${1:-node}
private=${WEFT_PRIVATE_VULKAN:-${XDG_DATA_HOME:-$HOME/.local/share}/weft/vulkan}
packages='mesa-vulkan-drivers libvulkan1'

# Dawn itself is asked, because it refuses drivers that are too old (Debian 12's own Mesa 22.3 among them).
probe() { (cd "$here/.." && "$node" --import tsx scripts/probe-adapter.ts) >/dev/null 2>&1; }
# shellcheck disable=SC1091
probe_private() { (. "$private/environment" && export LD_LIBRARY_PATH VK_DRIVER_FILES && probe); }

remedy() {
  case " $ID $ID_LIKE " in
    *' debian '* | *' ubuntu '*) echo "run ./weft doctor once as root, or install $packages as root (on Debian 12 from bookworm-backports)" ;;
    *' fedora '* | *' rhel '*) echo 'install them as root: dnf install mesa-vulkan-drivers vulkan-loader' ;;
    *' arch '*) echo 'install them as root: pacman -S vulkan-swrast vulkan-icd-loader' ;;
    *' suse '* | *' opensuse '*) echo 'install them as root: zypper install libvulkan_lvp libvulkan1' ;;
    *' alpine '*) echo 'install them as root: apk add mesa-vulkan-swrast vulkan-loader (Node and Dawn need glibc: see gcompat)' ;;
    *) echo "install Mesa's Vulkan drivers (lavapipe), version 23.1 or newer, and the Vulkan loader with your system's package manager" ;;
  esac
}

# Debian 12's own Mesa is too old; its backports have a newer one.
backports() { [ "$ID" = debian ] && [ "$VERSION_CODENAME" = bookworm ]; }
suite() { if backports; then echo '-t bookworm-backports'; fi; }

# The line that adds the suite, from the mirror that apt already uses.
backports_line() {
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' 2>/dev/null |
    sed -n 's/^\([^ ]*\) bookworm$/\1/p' | head -n 1)
  [ -n "$mirror" ] || mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
    sed -nE 's/^(URIs:|deb( +\[[^]]*\])?) +([^ ]+\/debian\/?)( .*)?$/\3/p' | head -n 1)
  key=/usr/share/keyrings/debian-archive-keyring.gpg
  [ ! -r "$key" ] || signed="[signed-by=$key] "
  echo "deb ${signed:-}${mirror:-http://deb.debian.org/debian} bookworm-backports main"
}
has_backports() {
  cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -v '^ *#' | grep -q 'bookworm-backports'
}

install_as_root() {
  if backports && ! has_backports; then
    list=/etc/apt/sources.list.d/weft-bookworm-backports.list
    # shellcheck disable=SC2046
    backports_line | $(as_root) tee "$list" >/dev/null
  fi
  # A repository that cannot be reached is no reason to stop: the install tells whether the needed ones were.
  apt_as_root update || true
  # shellcheck disable=SC2046,SC2086
  apt_as_root install --no-install-recommends $(suite) $packages
}

# Downloads the same packages, and whatever of their dependencies the system lacks, into a folder of the user's own. apt
# gets state folders of its own there, since it may not write to the system's.
unpack_private() {
  rm -rf "$private"
  mkdir -p "$private/apt/lists/partial" "$private/apt/cache/archives/partial" "$private/apt/sources" "$private/debs" || return 1
  cp /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources "$private/apt/sources/" 2>/dev/null || true
  if backports && ! has_backports; then backports_line >"$private/apt/sources/weft-bookworm-backports.list"; fi
  own_apt() {
    apt-get -q -o "Dir::State::Lists=$private/apt/lists" -o "Dir::Cache=$private/apt/cache" \
      -o "Dir::Etc::SourceParts=$private/apt/sources" -o Debug::NoLocking=1 "$@"
  }
  quietly own_apt update || true
  # shellcheck disable=SC2046,SC2086
  plan=$(own_apt -s --no-install-recommends $(suite) install $packages) || return 1
  # The system's C library stays: another one beside the system's own loader ends in crashes.
  wanted=$(echo "$plan" | sed -nE 's/^Inst ([^ ]+) (\[[^]]*\] )?\(([^ ]+) .*$/\1=\3/p' | grep -vE '^(libc6|libc-bin)=' || true)
  if [ -z "$wanted" ]; then
    say "the newest packages of this release are installed already"
    return 1
  fi
  # shellcheck disable=SC2086
  (cd "$private/debs" && quietly own_apt download $wanted) || return 1
  for package in "$private"/debs/*.deb; do dpkg-deb -x "$package" "$private/root" || return 1; done
  driver=$(find "$private/root/usr/lib" -name libvulkan_lvp.so | head -n 1)
  [ -n "$driver" ] || return 1
  folder=$(dirname "$driver")
  printf '{"file_format_version":"1.0.0","ICD":{"library_path":"%s","api_version":"1.3.0"}}\n' "$driver" >"$private/lvp_icd.json"
  {
    echo "LD_LIBRARY_PATH='$folder:$private/root/lib/$(basename "$folder")'\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}"
    echo "VK_DRIVER_FILES='$private/lvp_icd.json'"
  } >"$private/environment"
  rm -rf "$private/apt" "$private/debs"
}

if probe; then
  echo system
elif [ -f "$private/environment" ] && probe_private; then
  echo private
else
  none="no usable WebGPU adapter (no GPU with a Vulkan driver, no recent software Vulkan)"
  if no_install; then
    say "$none, and nothing may be installed (--no-install); $(remedy)"
    exit 1
  elif ! has_apt; then
    say "$none; $(remedy)"
    exit 1
  elif as_root >/dev/null; then
    say "$none: installing Mesa's software Vulkan with apt-get install $packages $(suite)"
    if ! install_as_root; then
      say "apt could not install it (see above); check the network, then try again, or $(remedy)"
      exit 1
    elif probe; then
      echo system
    else
      say "Mesa is installed, but Dawn accepts no adapter of ${PRETTY_NAME:-this system}; it needs Mesa 23.1 or newer: use a newer release"
      exit 1
    fi
  else
    say "$none: unpacking Mesa's software Vulkan into $private (no root, nothing is installed)"
    if ! unpack_private; then
      say "that did not work (see above); $(remedy)"
      exit 1
    elif probe_private; then
      echo private
    else
      say "Mesa is unpacked, but Dawn accepts no adapter; $(remedy)"
      exit 1
    fi
  fi
fi
