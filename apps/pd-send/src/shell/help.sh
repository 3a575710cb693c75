# The help of pd-send, word for word.

usage='usage: pd-send [-h] [-V] [-k KEY] -t {trigger,acknowledge,resolve} [-d TEXT]
               [-i KEY] [-s {critical,error,warning,info}] [-o NAME] [-m NAME]
               [-g NAME] [-l NAME] [-c NAME] [-u URL] [-f KEY=VALUE] [-q]'

help='
Sends an event to PagerDuty, or to the PDaltagent gateway named by
PDSEND_EVENTS_BASE_URL.

options:
  -h, --help
                        show this help and exit
  -V, --version
                        show the version and exit
  -k KEY, --service-key KEY, --routing-key KEY
                        integration key of the PagerDuty service, or routing key
                        of an orchestration: 32 characters (if missing or empty:
                        PDSEND_KEY or PDSEND_KEY_FILE)
  -t {trigger,acknowledge,resolve}, --event-type {trigger,acknowledge,resolve}
                        what to do with the alert
  -d TEXT, --description TEXT
                        one line that says what is wrong (required for trigger;
                        truncated to 1024 characters)
  -i KEY, --incident-key KEY
                        identifies the alert in later events (required for
                        acknowledge and resolve; generated for a trigger without
                        one)
  -s {critical,error,warning,info}, --severity {critical,error,warning,info}
                        severity of the problem (default: critical)
  -o NAME, --source NAME
                        the affected host or object (default: the name of this
                        host)
  -m NAME, --component NAME
                        the affected part of the source
  -g NAME, --group NAME
                        the group that the source belongs to
  -l NAME, --class NAME
                        the kind of event, for example "disk" or "ping failure"
  -c NAME, --client NAME
                        the monitoring tool that sends the event
  -u URL, --client-url URL
                        URL of the alert in that tool
  -f KEY=VALUE, --field KEY=VALUE
                        a detail for the responder; can be repeated
  -q, --quiet
                        print nothing on success

environment:
  PDSEND_EVENTS_BASE_URL  where to send (default: https://events.pagerduty.com);
                          PDaltagent'\''s gateway: https://gateway.example.com:8443
  PDSEND_KEY              the key, if the command line has none
  PDSEND_TOKEN            a token, if the gateway requires one; never sent to the
                          default address
  PDSEND_KEY_FILE, PDSEND_TOKEN_FILE
                          files that have the key and the token
  PDSEND_CA_FILE          certificates (PEM) to trust, for example the gateway'\''s
                          self-signed one
  PDSEND_SKIP_CERT_VERIFY true: trust any certificate (default: false)
  HTTPS_PROXY, HTTP_PROXY, NO_PROXY
                          the proxy, and the hosts that bypass it; in a CGI
                          script HTTP_PROXY is ignored: a request can set it

examples:
  pd-send -k $KEY -t trigger -i db1/disk -d "Disk is full" -o db1 -f usage=98%
  pd-send -k $KEY -t acknowledge -i db1/disk
  pd-send -k $KEY -t resolve -i db1/disk

Prints "Event processed. Incident Key: KEY" if the event was accepted.

Network errors and statuses 408, 429 and 5xx are retried a few times, with the
same alert key, so that one event never becomes two alerts.

exit codes: 0 the event was accepted, 1 it was not, 2 invalid command line'
