// What a program that imports Hindcast gets without naming a second module: the vocabulary of declarations,
// the store's own types, the columns of a join, and the file formats.
@_exported import AsOfJoin
@_exported import FeatureModel
@_exported import RowFiles
@_exported import SliceStore

@_exported import enum RESP.RESPValue
