"""Fenxiao (分销): what partners and strangers install."""
