#!/bin/sh
# Lets cloudflared serve only while the applications of its own region are healthy.
#
# cloudflared reads its token from a named pipe and waits there until somebody writes it. This does so once the
# region is healthy. When the region fails, cloudflared is told to end: it leaves Cloudflare's edge at once, and
# finishes the requests that are under way. Started anew, it waits at the pipe again.
#
# GATE_URL, GATE_HOST    what is asked, and under which name
# GATE_INTERVAL, GATE_TIMEOUT, GATE_FAILURES    seconds between checks, seconds for one, failures in a row
# GATE_TOKEN, GATE_DIR    the token's file, and the folder of the pipe
set -u

pipe=$GATE_DIR/token
offered=$GATE_DIR/offered # there while a writer waits at the pipe
writer=

healthy() {
  timeout "$GATE_TIMEOUT" wget -q -O /dev/null --header "Host: $GATE_HOST" "$GATE_URL" 2>/dev/null
}

# offer: the next one to read the pipe gets the token.
offer() {
  if [ -e "$offered" ]; then return; fi
  : >"$offered"
  # The redirection belongs to the whole group: whoever ends the writer while it waits leaves nobody behind.
  {
    cat "$GATE_TOKEN"
    rm -f "$offered"
  } >"$pipe" &
  writer=$!
}

# withdraw: nobody gets the token any more, and who has it ends.
withdraw() {
  if [ -e "$offered" ]; then
    kill "$writer" 2>/dev/null
    rm -f "$offered"
  fi
  for pid in $(pidof cloudflared); do kill -TERM "$pid"; done
}

rm -f "$offered"
[ -p "$pipe" ] || mkfifo -m 600 "$pipe"

failures=0
serves=no
# One that is here before its gate has the token from the gate before this one.
if pidof cloudflared >/dev/null; then serves=yes; fi
while :; do
  if healthy; then
    [ "$failures" -eq 0 ] || echo "healthy again after $failures failed checks"
    failures=0
    serves=yes
    offer
  else
    failures=$((failures + 1))
    echo "check failed, $failures in a row"
    if [ "$serves" = yes ] && [ "$failures" -ge "$GATE_FAILURES" ]; then
      echo "unhealthy: cloudflared leaves"
      serves=no
      withdraw
    fi
  fi
  sleep "$GATE_INTERVAL"
done
