# What pd-send says of itself, word for word.

usage='usage: pd-send [-h] [-V] -k KEY -t {trigger,acknowledge,resolve} [-d TEXT]
               [-i KEY] [-s {critical,error,warning,info}] [-o NAME] [-m NAME]
               [-g NAME] [-l NAME] [-c NAME] [-u URL] [-f KEY=VALUE] [-q]'

help='
Sends an event to PagerDuty, by way of PDaltagent where PDSEND_EVENTS_BASE_URL
names its gateway.

options:
  -h, --help
                        show this help and exit
  -V, --version
                        show the version and exit
  -k KEY, --service-key KEY, --routing-key KEY
                        integration key of the PagerDuty service, or routing key
                        of an orchestration: 32 characters
  -t {trigger,acknowledge,resolve}, --event-type {trigger,acknowledge,resolve}
                        what to do with the alert
  -d TEXT, --description TEXT
                        one line that says what is wrong (required for trigger;
                        cut after 1024 characters)
  -i KEY, --incident-key KEY
                        names the alert, so that later events find it (required
                        for acknowledge and resolve; trigger: made where not
                        given)
  -s {critical,error,warning,info}, --severity {critical,error,warning,info}
                        how bad it is (default: critical)
  -o NAME, --source NAME
                        the host or thing that is affected (default: the name of
                        this host)
  -m NAME, --component NAME
                        the part of the source that is affected
  -g NAME, --group NAME
                        the group that the source belongs to
  -l NAME, --class NAME
                        the kind of event, as "disk" or "ping failure"
  -c NAME, --client NAME
                        the monitoring tool that sends this
  -u URL, --client-url URL
                        where that tool shows the alert
  -f KEY=VALUE, --field KEY=VALUE
                        a detail for the responder; may be given several times
  -q, --quiet
                        print nothing on success

environment:
  PDSEND_EVENTS_BASE_URL  where to send (default: https://events.pagerduty.com);
                          PDaltagent'\''s gateway as https://gateway.example.com:8443
  PDSEND_TOKEN            a token of the gateway, where it wants one; sent only to
                          what PDSEND_EVENTS_BASE_URL names
  PDSEND_CA_FILE          certificates (PEM) to trust, as the self-signed one of
                          the gateway
  PDSEND_SKIP_CERT_VERIFY true: trust any certificate (default: false)
  HTTPS_PROXY, HTTP_PROXY, NO_PROXY
                          the proxy to go through, and for which hosts not to

examples:
  pd-send -k $KEY -t trigger -i db1/disk -d "Disk is full" -o db1 -f usage=98%
  pd-send -k $KEY -t acknowledge -i db1/disk
  pd-send -k $KEY -t resolve -i db1/disk

Prints "Event processed. Incident Key: KEY" once the event was accepted.

Network errors and answers 429 and 5xx are tried again a few times; the alert'\''s
key stays the same, so that no event becomes two alerts.

exit codes: 0 the event was accepted, 1 it was not, 2 the command line is wrong'
