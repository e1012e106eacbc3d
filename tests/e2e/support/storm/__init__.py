"""A storm: everything goes wrong at once, many apps ask on, and in the end all of it adds up."""
