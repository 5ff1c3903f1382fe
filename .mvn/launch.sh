# Sourced by the scripts at the root that run a program of this project: builds it if a source has changed, and finds its class path.
# Sets root, java and class_path. Call: launch NAME MODULE. Needs a JDK, 17 or later, and Maven Central where something is not built yet.

die() { echo "$name: $1" >&2; exit 2; }

# Whether something is newer than the last build, or a library that it names is gone.
stale() {
  [ -f "$listing" ] && [ -d "$module/target/classes" ] || return 0
  [ -n "$(find "$root" -name target -prune -o -name .git -prune -o \
    \( -path '*/src/main/*' -o -name pom.xml \) -type f -newer "$listing" -print -quit)" ] && return 0
  local jar
  while IFS= read -r -d : jar; do
    [ -e "$jar" ] || return 0
  done <<<"$(cat "$listing"):"
  return 1
}

build() {
  echo "$name: building, which takes a while the first time" >&2
  local said
  said=$(cd "$root" && ./mvnw -q -Dstyle.color=never '-Pfast,!static-analysis' -Dmaven.test.skip=true -pl "$1" -am package 2>&1) || {
    echo "$said" >&2
    die "the build failed, see above"
  }
  touch "$listing"
}

launch() {
  name=$1
  module=$root/$2
  listing=$module/target/classpath.txt
  java=java
  [ -n "${JAVA_HOME:-}" ] && java=$JAVA_HOME/bin/java
  local version
  version=$("$java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -n 1) || true
  [ -n "$version" ] || die "no Java found: install a JDK, 17 or later, or set JAVA_HOME"
  [ "$version" -ge 17 ] || die "Java $version found at '$java', but it must be 17 or later"
  if stale; then build "$2"; fi
  class_path=$module/target/classes:$(cat "$listing")
}
