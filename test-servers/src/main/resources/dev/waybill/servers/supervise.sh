# Runs a command in a process group of its own and obeys the lines on stdin:
#   term   ask the command to stop          kill   make it stop          keep   keep the data folder at the end
# When stdin ends, whoever started us is done with us or dead: the command is killed and its data deleted.
# Usage: bash -c "$(cat supervise.sh)" supervise DATA LOG COMMAND...        Prints the process id of the command.
set -m
data=$1 log=$2
shift 2
"$@" </dev/null >>"$log" 2>&1 &
trap '' INT TERM HUP QUIT
echo "$!"
exec >>"$log" 2>&1
keep=
while read -r order; do
  case $order in
    term) kill -TERM "$!" ;;
    kill) kill -KILL %1 ;;
    keep) keep=yes ;;
  esac
done
# By job, not by id: an id may have been given to somebody else since.
kill -KILL %1 2>/dev/null
wait # so that it is gone for good, not only dying, when we are
[ -n "$keep" ] || rm -rf -- "$data"
