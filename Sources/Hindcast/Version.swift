// The version of the product; the formats it writes have numbers of their own.

public let hindcastVersion = "0.1.0"
