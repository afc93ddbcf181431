"""The payer's pages: from the WHMCS invoice to the provider or to our own page, and back.

They prove and change nothing about money; what the browser says of an amount or a success is
never read.
"""
