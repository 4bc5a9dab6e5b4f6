pacman -Q
head /opt/*
