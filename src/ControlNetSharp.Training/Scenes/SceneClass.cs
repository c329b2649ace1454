namespace ControlNetSharp.Scenes;

/// <summary>The ADE20K classes that scenes use (0-based indices of the 150-class list, Zhou et al. 2017).</summary>
internal static class SceneClass
{
    public const byte Wall = 0, Building = 1, Sky = 2, Floor = 3, Tree = 4, Ceiling = 5, Road = 6, Bed = 7, Window = 8, Grass = 9, Cabinet = 10, Sidewalk = 11, Person = 12, Earth = 13,
        Door = 14, Table = 15, Mountain = 16, Plant = 17, Curtain = 18, Chair = 19, Car = 20, Water = 21, Painting = 22, Sofa = 23, Shelf = 24, House = 25, Sea = 26, Rug = 28, Field = 29,
        Armchair = 30, Fence = 32, Rock = 34, Lamp = 36, Cushion = 39, Box = 41, Sand = 46, Path = 52, Bookcase = 62, CoffeeTable = 64, Flower = 66, Book = 67, Hill = 68, Bench = 69, Palm = 72,
        Boat = 76, Bus = 80, Truck = 83, Tower = 84, Awning = 86, StreetLight = 87, Television = 89, Airplane = 90, Pole = 93, Bottle = 98, Tent = 114, Ball = 119, Food = 120, Animal = 126,
        Lake = 128, Sculpture = 132, Vase = 135, TrafficLight = 136, Plate = 142, Glass = 147, Clock = 148;
}
