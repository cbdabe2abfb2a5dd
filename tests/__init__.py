"""The facts Headgate is held to, in folders that mirror the product's."""
