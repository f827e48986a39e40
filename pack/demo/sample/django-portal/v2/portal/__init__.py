"""The portal package."""
