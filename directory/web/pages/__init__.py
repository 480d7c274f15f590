"""One module per page or group of pages: a blueprint, a frozen context per page, one template each."""
