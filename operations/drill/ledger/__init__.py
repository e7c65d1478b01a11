"""A small application that writes numbered rows and reads them back: it follows the writer without a restart.

It knows DATABASE_PRIMARY_URL, DATABASE_REPLICA_URL and REGION, as every application of the platform does, and needs
nothing but psycopg. The program's own modules are not in its image.
"""
