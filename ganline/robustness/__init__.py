"""Attacks and defences on classifiers: functions of a victim, images and labels.

victims       the classifiers that are attacked: what every attack and defence speaks of, and their training
attacks/      one file an attack
defences/     one file a defence
chosen        which of them params.yaml asks for
records       which there are
outcome       what counts as a success, and how far adversarial images lie from the originals
"""
