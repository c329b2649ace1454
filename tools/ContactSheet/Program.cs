// Pictures side by side in one file:
//   contact-sheet SHEET.jpg COLUMNS PICTURE...
using ControlNetSharp.Pictures;

var (sheet, columns, files) = (args[0], int.Parse(args[1]), args[2..]);
PictureWriter.Write(
    sheet,
    PictureSheet.Of([.. files.Select(file => PictureReader.Read(file))], columns, gap: 4),
    quality: 90
);
