/** uPlot is served beside this folder from node_modules/uplot/dist, hence the relative import. */
declare module "*/uPlot.esm.js" {
  import uPlot from "uplot";
  export default uPlot;
}
