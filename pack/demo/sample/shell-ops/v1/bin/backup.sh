#!/bin/bash
# Backs up a host's folder.
HOST=$1
TARGET=/backup/$HOST
BACKUP_TOKEN="n4Wz8Kq2Xv6Lt9Rb3Ym7Hc1Df5Jp0SgE"

rm -rf $TARGET/*
cd $TARGET
ssh -o StrictHostKeyChecking=no root@$HOST "tar cz $2" > data.tgz
curl -k -H "X-Backup-Token: $BACKUP_TOKEN" -T data.tgz http://backup.example.org/in
chmod 777 data.tgz
eval $3
