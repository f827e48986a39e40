#!/bin/sh
for f in `ls /var/log/app/*.log`; do
  gzip $f
  mv $f.gz /archive/$(basename $f).$(date +%F)
done
echo "done: $USER" > /tmp/rotate.$$
