# Parts of Debian that the runs need, for scripts with a function "fail". They are downloaded once and cached.

cache=${XDG_CACHE_HOME:-$HOME/.cache}/vm-power-lab
mkdir -p "$cache"

# A Debian package of this name, unpacked in the cache.
package() {
  local directory=$cache/$1
  if [[ ! -e $directory.complete ]]; then
    rm -rf "$directory" && mkdir -p "$directory"
    echo "downloading $1" >&2
    (cd "$directory" && { apt-get -qq download "$1" || { apt-get -qq update && apt-get -qq download "$1"; }; }) \
      >/dev/null 2>&1 || return 1
    dpkg-deb -x "$directory/$1"_*.deb "$directory" && rm "$directory/$1"_*.deb && touch "$directory.complete" || return 1
  fi
  echo "$directory"
}

# Debian's kernel for cloud machines; its name changes with every update.
kernel_package() {
  local complete=("$cache"/linux-image-*-cloud-amd64.complete)
  if [[ -e ${complete[0]} ]]; then
    basename "${complete[0]}" .complete
  else
    apt-cache show linux-image-cloud-amd64 >/dev/null 2>&1 || apt-get -qq update >/dev/null 2>&1 || true
    apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[^ ]*\)$/\1/p'
  fi
}
