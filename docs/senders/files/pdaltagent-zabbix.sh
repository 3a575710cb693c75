#!/bin/sh
# Zabbix calls this as {ALERT.SENDTO} {ALERT.SUBJECT} {ALERT.MESSAGE}.
export PDSEND_EVENTS_BASE_URL=https://gateway.example.com:8443
export PDSEND_CA_FILE=/etc/zabbix/gateway.pem
exec /usr/local/bin/pd-zabbix "$@"
