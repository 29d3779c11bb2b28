#!/bin/sh
echo "ran with $1" > /srv/ran
echo done
